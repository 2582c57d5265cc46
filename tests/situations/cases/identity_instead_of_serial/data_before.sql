INSERT INTO tickets (subject) VALUES ('one'), ('two');
