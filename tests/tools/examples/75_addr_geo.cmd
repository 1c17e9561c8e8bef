nvm_addr gen_as_geo ocssd.img 0x0201000a00000005
nvm_addr dev_as_geo ocssd.img 0x225005
