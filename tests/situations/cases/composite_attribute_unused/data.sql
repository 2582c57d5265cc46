INSERT INTO shops (at) VALUES (('Main 2', 'Bern', NULL));
