INSERT INTO plans VALUES ('free');
INSERT INTO users (plan) VALUES ('free');
