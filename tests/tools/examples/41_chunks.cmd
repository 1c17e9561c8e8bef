nvm_emu chunks ocssd.img --group 2 --state closed
