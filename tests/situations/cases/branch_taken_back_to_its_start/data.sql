INSERT INTO invoices (number) VALUES ('A-1');
INSERT INTO searches (words) VALUES ('red shoes');
