nvm_emu chunks old.img --summary
