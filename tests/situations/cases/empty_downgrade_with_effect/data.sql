UPDATE users SET preferences = '{}';
