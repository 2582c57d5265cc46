INSERT INTO orders (number) VALUES ('18');
