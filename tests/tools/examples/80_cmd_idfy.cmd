nvm_cmd idfy ocssd.img
