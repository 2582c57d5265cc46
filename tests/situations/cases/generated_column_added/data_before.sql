INSERT INTO lines (amount, quantity) VALUES (5, 2);
