INSERT INTO notices (text) VALUES ('Welcome to the pilot'), ('Maintenance on Sunday');
