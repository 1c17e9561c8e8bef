printf '\xe2\0\0\0\x01%059d' 0 | tr 0 '\0' > geometry.cmd
head -c 4096 /dev/zero > geometry.bin
nvm_cmd padc ocssd.img -c geometry.cmd -d geometry.bin | head -7
od -An -tu4 -j64 -N12 geometry.bin
