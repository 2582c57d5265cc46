INSERT INTO orders (total) VALUES (7);
DELETE FROM orders WHERE id = 1;
