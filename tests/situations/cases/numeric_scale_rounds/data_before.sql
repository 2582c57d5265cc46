INSERT INTO prices (amount) VALUES (9.99);
