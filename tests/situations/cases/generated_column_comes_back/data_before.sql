INSERT INTO lines (amount, quantity) VALUES (5, 2), (7, 3);
