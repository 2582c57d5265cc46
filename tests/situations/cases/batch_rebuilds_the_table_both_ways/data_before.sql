INSERT INTO files VALUES (1, 'a.txt', 1), (2, 'b.txt', 1);
