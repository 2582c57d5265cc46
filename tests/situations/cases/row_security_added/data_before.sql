INSERT INTO notes (owner, body) VALUES ('ada', 'milk');
