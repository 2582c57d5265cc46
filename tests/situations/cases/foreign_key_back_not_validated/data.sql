INSERT INTO users (plan) VALUES ('gone');
