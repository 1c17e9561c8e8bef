nvm_emu check ocssd.img
