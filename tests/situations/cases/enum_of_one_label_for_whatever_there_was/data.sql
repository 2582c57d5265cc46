INSERT INTO agents (kind) VALUES ('chat');
