INSERT INTO prices (amount) VALUES (900);
