INSERT INTO users (plan) VALUES ('team');
