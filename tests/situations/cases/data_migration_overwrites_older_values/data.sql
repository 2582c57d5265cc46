INSERT INTO users (email, status) VALUES ('dee@example.com', 'active');
