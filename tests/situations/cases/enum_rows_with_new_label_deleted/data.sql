UPDATE people SET mood = 'tired' WHERE id = 1;
