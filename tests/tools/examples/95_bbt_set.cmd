nvm_bbt set_f old.img 0 0
