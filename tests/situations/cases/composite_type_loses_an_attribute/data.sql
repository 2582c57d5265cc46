UPDATE shops SET at.code = '3000';
INSERT INTO shops (at) VALUES (('Main 2', 'Bern', '3001'));
