UPDATE articles SET body = (SELECT string_agg(md5(articles.id || ' ' || n), '') FROM generate_series(1, 3000) n) WHERE id <= 15;
