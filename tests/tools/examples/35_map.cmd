nvm_dev map ocssd.img
