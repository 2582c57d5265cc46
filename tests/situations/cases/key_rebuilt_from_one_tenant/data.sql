INSERT INTO items VALUES (2, 1, 'lamp');
