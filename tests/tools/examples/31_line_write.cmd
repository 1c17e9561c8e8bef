nvm_vblk line_write ocssd.img 0 2 0 4 20 -i data.bin
