nvm_emu chunks ocssd.img --summary
