nvm_cmd read ocssd.img 0x0100001400000005 -o sector.bin
cmp -n 4096 -i 0:53248 sector.bin data.bin && echo same
