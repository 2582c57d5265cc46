INSERT INTO users (email, city) VALUES (NULL, 'Bern');
