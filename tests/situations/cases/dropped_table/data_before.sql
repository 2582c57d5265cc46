INSERT INTO users (email) VALUES ('ada@example.com'), ('ben@example.com');
INSERT INTO old_sessions (user_id, token) VALUES (1, 'abc'), (2, 'def');
