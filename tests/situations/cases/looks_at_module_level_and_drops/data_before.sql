INSERT INTO users (email) VALUES ('ada@example.com'), ('ben@example.com');
