INSERT INTO users (email, phone) VALUES ('ada@example.com', '1'), ('ben@example.com', '2');
