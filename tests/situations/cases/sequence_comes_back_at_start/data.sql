INSERT INTO invoices (number, total) VALUES (3, 7);
