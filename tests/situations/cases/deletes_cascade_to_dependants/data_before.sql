INSERT INTO plans (name) VALUES ('team');
INSERT INTO subscriptions (plan_id, customer) VALUES (1, 'Acme'), (1, 'Bolt');
