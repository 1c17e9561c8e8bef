nvm_emu chunks ocssd.img --state offline --json
