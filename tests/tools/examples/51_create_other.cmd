nvm_emu create other.img --groups 2 --punits 2 --chunks 4 --bad 1.1.3 \
    --serial WORN --chunk-info chunks.txt | head -4
