INSERT INTO articles (title) SELECT 'article ' || n FROM generate_series(1, 20) n;
