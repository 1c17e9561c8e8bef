nvm_vblk set_write ocssd.img 0x0000000c00000000 0x0100000c00000000 --depth 8
