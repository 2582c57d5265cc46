UPDATE profiles SET bio = 'counts and writes' WHERE user_id = 1;
