INSERT INTO people (given, family) VALUES ('Ben', 'Day');
