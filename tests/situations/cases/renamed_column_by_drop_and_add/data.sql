UPDATE users SET email = 'ada@example.org' WHERE id = 1;
