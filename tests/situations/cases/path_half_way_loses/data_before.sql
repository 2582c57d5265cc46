INSERT INTO users (email, fax) VALUES ('ada@example.com', '17'), ('ben@example.com', NULL);
