INSERT INTO lines (amount, quantity) VALUES (7, 2);
