INSERT INTO users (email) VALUES ('ann@shop.example'), ('bob@shop.example');
INSERT INTO orders (user_id) VALUES (1), (2), (2);
