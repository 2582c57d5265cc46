INSERT INTO prices (amount) VALUES (0.01), (3.5);
