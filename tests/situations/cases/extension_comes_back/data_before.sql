INSERT INTO documents (title) VALUES ('one');
