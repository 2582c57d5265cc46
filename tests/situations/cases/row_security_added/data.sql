INSERT INTO notes (owner, body) VALUES ('ben', 'eggs');
