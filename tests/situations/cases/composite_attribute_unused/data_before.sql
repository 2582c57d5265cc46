INSERT INTO shops (at) VALUES (('Main 1', 'Bern'));
