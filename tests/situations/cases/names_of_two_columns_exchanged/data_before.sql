INSERT INTO people (given, family) VALUES ('Lovelace', 'Ada');
