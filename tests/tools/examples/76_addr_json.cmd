nvm_addr gen2off ocssd.img 0x0201000a00000005 --json
