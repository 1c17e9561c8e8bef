nvm_emu chunks other.img --group 0
