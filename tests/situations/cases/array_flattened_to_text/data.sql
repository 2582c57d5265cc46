INSERT INTO articles (tags) VALUES (ARRAY['Paris, Texas', 'film']), (ARRAY['blue']);
