nvm_addr s12_to_gen 'emu:?spec=1.2&planes=2' 0 2 10 3 1 0; nvm_addr s12_to_gen 'emu:?spec=1.2&planes=2' 0 2 10 1 3 0
