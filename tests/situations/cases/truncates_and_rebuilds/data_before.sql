INSERT INTO visits (page) VALUES ('home'), ('home'), ('about');
INSERT INTO totals VALUES ('home', 2), ('about', 1);
