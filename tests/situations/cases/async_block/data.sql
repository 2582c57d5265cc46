UPDATE users SET plan = 'team' WHERE id = 2;
