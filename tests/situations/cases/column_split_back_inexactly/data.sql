INSERT INTO users (first_name, last_name) VALUES ('Mary Ann', 'Evans');
