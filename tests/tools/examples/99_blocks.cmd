nvm_vblk write old.img 0x0000000100000000 > written.txt
nvm_bbt mark_g old.img 0x0000000201000000 > marked.txt
nvm_emu chunks old.img
