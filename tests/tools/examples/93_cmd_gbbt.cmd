nvm_cmd gbbt old.img 0 0
