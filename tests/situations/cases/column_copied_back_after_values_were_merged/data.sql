INSERT INTO users (id, plan) VALUES (4, 'pro');
