INSERT INTO users (email, city) VALUES ('ada@example.com', 'Bern'), ('ben@example.com', 'Bern');
