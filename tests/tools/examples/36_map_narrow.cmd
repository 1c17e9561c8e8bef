nvm_dev map ocssd.img --columns 40 | head -6
