nvm_vblk write ocssd.img 0x0201000a00000000 -i numbers.txt --pad
