nvm_cmd copy ocssd.img 1 0 20 1 0 31
