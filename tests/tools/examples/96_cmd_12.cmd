nvm_cmd erase old.img 0x0000000100000000
NVM_CLI_PMODE=0 nvm_cmd read old.img 0x0000000100000000; echo "exit code $?"
