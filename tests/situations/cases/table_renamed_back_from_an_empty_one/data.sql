INSERT INTO users VALUES (11, 'eve');
