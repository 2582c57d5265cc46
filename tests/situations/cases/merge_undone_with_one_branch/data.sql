INSERT INTO users (email, city, phone) VALUES ('ada@example.com', 'Bern', '1'), ('ben@example.com', NULL, '2');
