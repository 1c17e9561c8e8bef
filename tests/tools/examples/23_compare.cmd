cmp numbers.txt back.txt && tail -1 back.txt
