INSERT INTO users (mail, note) VALUES ('ada@example.com', 'likes tea');
