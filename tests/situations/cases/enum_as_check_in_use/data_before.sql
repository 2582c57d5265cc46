INSERT INTO jobs (state) VALUES ('new');
