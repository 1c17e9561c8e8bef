nvm_emu create fast.img --chunks 8 --bad none > created.txt
nvm_bench write fast.img --yes --verify --count 5000 --brief
