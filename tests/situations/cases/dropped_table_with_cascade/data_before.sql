INSERT INTO plans (name) VALUES ('free'), ('team');
INSERT INTO accounts (plan_id) VALUES (1), (2);
