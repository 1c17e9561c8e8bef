nvm_bench read fast.img --verify --seed 2 --count 1 --brief; echo "exit code $?"
