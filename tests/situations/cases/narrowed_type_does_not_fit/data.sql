INSERT INTO users (email) VALUES (repeat('x', 120) || '@example.com');
