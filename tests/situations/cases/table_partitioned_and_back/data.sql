INSERT INTO logs (id, at) VALUES (3, '2025-02-01');
