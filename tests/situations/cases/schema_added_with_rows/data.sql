INSERT INTO billing.invoices (number) VALUES ('A-1'), ('A-2');
