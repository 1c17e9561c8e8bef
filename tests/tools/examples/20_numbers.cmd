seq 100000 > numbers.txt
