nvm_cmd idfy old.img | head -12
