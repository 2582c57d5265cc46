UPDATE users SET plan = 'team' WHERE email <> 'cyd@example.com';
