head -c 90M /dev/urandom > data.bin
