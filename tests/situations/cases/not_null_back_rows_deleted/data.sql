INSERT INTO users (email) VALUES ('cyd@example.com');
UPDATE users SET phone = NULL WHERE id = 1;
