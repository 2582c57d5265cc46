INSERT INTO prices (amount) VALUES (0.0125), (3.5);
