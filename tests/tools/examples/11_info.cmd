nvm_dev info ocssd.img
