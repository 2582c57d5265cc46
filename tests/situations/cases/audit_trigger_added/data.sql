INSERT INTO users (email) VALUES ('cyd@example.com');
UPDATE users SET email = lower(email);
