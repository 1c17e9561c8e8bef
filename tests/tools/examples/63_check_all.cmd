nvm_check 'emu:?groups=8&punits=4&ws_min=24&ws_opt=24&mw_cunits=192' --yes --seed 1 | grep -E 'SKIP|passed'
