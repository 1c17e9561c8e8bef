nvm_cmd sbbt old.img 0 0 3 0x8
nvm_cmd sbbt old.img 0 0 3 0x3; echo "exit code $?"
