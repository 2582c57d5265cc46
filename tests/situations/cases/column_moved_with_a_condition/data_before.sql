INSERT INTO users VALUES (1, 10), (2, 0), (3, 30);
