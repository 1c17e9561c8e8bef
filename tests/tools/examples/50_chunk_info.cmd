cat chunks.txt
