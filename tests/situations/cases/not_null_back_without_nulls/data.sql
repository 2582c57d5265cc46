INSERT INTO users (email, phone) VALUES ('cyd@example.com', '3');
