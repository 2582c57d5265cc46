INSERT INTO orders (state) VALUES ('open');
