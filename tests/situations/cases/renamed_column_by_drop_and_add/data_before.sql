INSERT INTO users (mail) VALUES ('ada@example.com'), ('ben@example.com');
