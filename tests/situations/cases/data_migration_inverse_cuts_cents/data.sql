INSERT INTO prices (amount) VALUES (950);
