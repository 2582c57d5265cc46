INSERT INTO jobs (name) VALUES ('mail');
