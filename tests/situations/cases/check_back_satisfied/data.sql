INSERT INTO prices (amount) VALUES (7);
