INSERT INTO files VALUES (3, 'c.txt', 2);
