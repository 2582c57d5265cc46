INSERT INTO users VALUES (3, 'eve@example.com', NULL);
