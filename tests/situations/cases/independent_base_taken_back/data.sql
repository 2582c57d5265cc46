INSERT INTO reports (user_id, body) VALUES (1, 'all is well');
