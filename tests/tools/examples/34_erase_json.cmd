nvm_vblk erase ocssd.img 0x0201000a00000000 --json
