INSERT INTO users (email) VALUES ('ben@example.com');
