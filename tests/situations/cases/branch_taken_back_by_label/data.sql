INSERT INTO invoices (number, note) VALUES ('A-1', 'late'), ('A-2', NULL);
INSERT INTO searches (words) VALUES ('red shoes');
