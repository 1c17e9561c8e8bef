nvm_check ocssd.img --yes --seed 1 --rule reset write.closed
