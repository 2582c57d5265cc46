INSERT INTO orders (number) VALUES (17);
