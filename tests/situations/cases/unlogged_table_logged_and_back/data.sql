INSERT INTO jobs (name) VALUES ('bill');
