INSERT INTO settings (key, value) VALUES ('limit', '5k'), ('name', 'Acme');
