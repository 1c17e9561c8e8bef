nvm_bbt mark_g old.img 0x0000000201000000
