INSERT INTO pages (slug) VALUES ('how-we-work-together');
