UPDATE users SET city = 'Bern' WHERE id = 1;
