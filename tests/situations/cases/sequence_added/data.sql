SELECT nextval('invoice_numbers') FROM generate_series(1, 25);
