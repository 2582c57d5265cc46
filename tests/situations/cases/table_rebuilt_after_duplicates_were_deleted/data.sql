INSERT INTO users VALUES (4, 'eve@example.com');
