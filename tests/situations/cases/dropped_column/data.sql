INSERT INTO users (email) VALUES ('dee@example.com');
