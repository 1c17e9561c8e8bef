NVM_CLI_META_PR=1 nvm_cmd read ocssd.img 0x0100001f00000000 -o sector.bin
cmp -n 4096 -i 0:32768 sector.bin data.bin && echo same
