UPDATE lines SET total = 20 WHERE id = 2;
