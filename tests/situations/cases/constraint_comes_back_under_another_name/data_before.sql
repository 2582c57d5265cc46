INSERT INTO prices (amount) VALUES (5);
