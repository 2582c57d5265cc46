INSERT INTO users (plan) VALUES ('basic'), ('pro');
