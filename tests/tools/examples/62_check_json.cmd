nvm_check ocssd.img --yes --seed 1 --rule read.offline --json
