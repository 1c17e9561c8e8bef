nvm_dev info missing.img; echo "exit code $?"
