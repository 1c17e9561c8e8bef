nvm_dev enum
