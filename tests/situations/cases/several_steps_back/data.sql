UPDATE users SET city = 'Bern' WHERE id = 1;
INSERT INTO orders (user_id) VALUES (1), (2), (2);
