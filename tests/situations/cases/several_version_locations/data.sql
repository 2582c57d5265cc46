INSERT INTO invoices (number) VALUES ('A-1');
