INSERT INTO plans VALUES ('free'), ('pro');
INSERT INTO users (plan) VALUES ('free');
