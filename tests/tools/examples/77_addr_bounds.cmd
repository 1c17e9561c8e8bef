nvm_addr gen2dev ocssd.img 0x0900000000000000; echo "exit code $?"
NVM_CLI_NOVERIFY=1 nvm_addr gen2dev ocssd.img 0x0300000000000000
