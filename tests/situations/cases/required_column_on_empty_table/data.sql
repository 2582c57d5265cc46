INSERT INTO invoices (number, currency) VALUES ('A-1', 'EUR'), ('A-2', 'CHF');
