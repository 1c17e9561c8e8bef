nvm_vblk line_read ocssd.img 0 2 0 4 20 -o back.bin | tail -3
cmp data.bin back.bin && echo same
