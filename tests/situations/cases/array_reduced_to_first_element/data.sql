UPDATE articles SET tags = ARRAY['red', 'blue'] WHERE id = 1;
