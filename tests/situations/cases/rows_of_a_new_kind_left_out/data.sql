INSERT INTO pets VALUES ('fish', 1, 'Dory');
