nvm_cmd rprt_lun ocssd.img 2 1 | head -8
