INSERT INTO users (email) VALUES ('cyd@example.org');
