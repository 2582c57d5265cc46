INSERT INTO documents (id, title) VALUES (10, 'ten'), (20, 'twenty');
