nvm_vblk read ocssd.img 0x0201000a00000000 -o back.txt --bytes 588895
