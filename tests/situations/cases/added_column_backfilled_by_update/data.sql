INSERT INTO users (email, domain) VALUES ('cyd@example.org', 'example.org');
