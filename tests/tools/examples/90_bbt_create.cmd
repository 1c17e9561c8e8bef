nvm_emu create old.img --spec 1.2 --planes 2 --groups 1 --punits 1 --blocks 6 --bad 0.0.4 | grep nplanes
