UPDATE users SET preferences = '{"theme": "dark"}' WHERE email = 'ada@example.com';
