nvm_cmd read ocssd.img 0x0201001e00000100 --json; echo "exit code $?"
