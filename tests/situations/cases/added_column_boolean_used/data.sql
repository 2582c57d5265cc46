UPDATE users SET newsletter = true WHERE email = 'ben@example.com';
