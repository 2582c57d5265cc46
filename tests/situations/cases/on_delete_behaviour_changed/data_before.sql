INSERT INTO users (email) VALUES ('ada@example.com'), ('ben@example.com');
INSERT INTO orders (user_id) VALUES (1), (2);
