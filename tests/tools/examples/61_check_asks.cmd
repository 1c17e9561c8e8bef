nvm_check ocssd.img --seed 1 --rule write.closed; echo "exit code $?"
