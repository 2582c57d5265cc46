INSERT INTO items VALUES (1, 1, 'chair'), (1, 2, 'desk');
