nvm_dev backends
