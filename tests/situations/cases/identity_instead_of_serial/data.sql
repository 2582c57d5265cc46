INSERT INTO tickets (subject) VALUES ('three');
