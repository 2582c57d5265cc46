INSERT INTO offices (city, country) VALUES ('Bern', 'CH');
