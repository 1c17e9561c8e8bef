nvm_bench read 'emu:?groups=8&punits=4' --prepare --yes --random --count 500000
