INSERT INTO users (email) VALUES ('Ada@Example.com'), ('ben@example.com');
