INSERT INTO documents (title) VALUES ('thirty');
