INSERT INTO cats (name) VALUES ('Tom');
INSERT INTO dogs (name) VALUES ('Rex'), ('Bo');
