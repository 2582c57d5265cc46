UPDATE users SET state = 'suspended' WHERE id = 3;
