INSERT INTO addresses (user_id, line) VALUES (1, 'Harbour 9'), (2, 'Mill Road 4');
