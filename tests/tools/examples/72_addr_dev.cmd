nvm_addr gen2dev ocssd.img 0x0201000a00000005 0x0001000a00000000
nvm_addr dev2gen ocssd.img 0x225005 -t
