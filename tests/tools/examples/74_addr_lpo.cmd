nvm_addr gen2lpo ocssd.img 0x0201000a00000000
nvm_addr lpo2gen ocssd.img 21440
