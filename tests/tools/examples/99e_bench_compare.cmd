nvm_bench read fast.img --count 100000 --interval 10 --json > a.json
nvm_bench read fast.img --count 100000 --interval 10 --depth 1 --json > b.json
nvm_bench compare a.json b.json
