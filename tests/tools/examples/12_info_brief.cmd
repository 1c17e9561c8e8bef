nvm_dev info 'emu:?groups=8&punits=4&chunks=1474&sectors=6144&bad=none' -b
