UPDATE articles SET tags = '{red,green}' WHERE title = 'two';
