nvm_vblk line_pread ocssd.img 0 2 0 4 20 64K 1M -o part.bin | tail -2
cmp -n 64K -i 0:1M part.bin data.bin && echo same
