INSERT INTO pages (slug) VALUES ('about');
