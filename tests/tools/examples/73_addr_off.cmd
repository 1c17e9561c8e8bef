nvm_addr gen2off ocssd.img 0x0201000a00000005
nvm_addr off2gen ocssd.img 9210712064
