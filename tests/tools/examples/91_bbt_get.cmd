nvm_bbt get old.img 0 0
