UPDATE users SET city = 'Bern';
