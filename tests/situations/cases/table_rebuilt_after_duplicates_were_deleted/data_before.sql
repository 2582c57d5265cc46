INSERT INTO users VALUES (1, 'ada@example.com'), (2, 'ada@example.com'), (3, 'ben@example.com');
