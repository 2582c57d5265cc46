INSERT INTO prices (amount) VALUES (700);
