INSERT INTO pets VALUES ('cat', 2, 'Mia');
