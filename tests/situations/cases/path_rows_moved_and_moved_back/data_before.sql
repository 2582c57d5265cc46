INSERT INTO users (email, bio) VALUES ('ada@example.com', 'counts'), ('ben@example.com', NULL);
