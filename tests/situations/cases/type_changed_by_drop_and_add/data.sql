INSERT INTO orders (number) VALUES ('A-18');
