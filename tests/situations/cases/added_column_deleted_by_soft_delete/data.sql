UPDATE notes SET deleted_at = '2024-05-01 10:00+00' WHERE body = 'eggs';
INSERT INTO notes (body) VALUES ('soap');
