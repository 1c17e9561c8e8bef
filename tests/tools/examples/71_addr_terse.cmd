nvm_addr s20_to_gen ocssd.img 2 1 10 5 -t
