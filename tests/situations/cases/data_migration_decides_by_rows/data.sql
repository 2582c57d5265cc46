INSERT INTO settings (key, value) VALUES ('batch', '12500'), ('chunk', '3000');
