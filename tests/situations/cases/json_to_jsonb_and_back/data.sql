INSERT INTO hooks (payload) VALUES ('[1, 2]');
