nvm_bench write ocssd.img --punits 0.0 --chunks 2; echo "exit code $?"
