INSERT INTO users (id, plan) VALUES (1, 'trial'), (2, 'free'), (3, 'pro');
