INSERT INTO people (name) VALUES ('ada');
