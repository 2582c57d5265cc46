INSERT INTO items VALUES (2, 3, 'lamp');
