INSERT INTO people (email) VALUES ('ada@example.com');
