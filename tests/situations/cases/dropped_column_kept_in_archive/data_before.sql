INSERT INTO users (email, nickname) VALUES ('ada@example.com', 'countess'), ('ben@example.com', NULL);
