INSERT INTO lines (amount, quantity, total) VALUES (10, 3, 27), (5, 4, 18);
