nvm_emu create ocssd.img
