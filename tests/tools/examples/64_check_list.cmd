nvm_check --list
