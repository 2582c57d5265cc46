INSERT INTO prices (amount) VALUES (1000);
