INSERT INTO prices (amount) VALUES (5), (12);
