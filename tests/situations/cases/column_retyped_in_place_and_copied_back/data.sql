UPDATE users SET visits = '41' WHERE id = 2;
INSERT INTO users (id, visits) VALUES (3, NULL);
