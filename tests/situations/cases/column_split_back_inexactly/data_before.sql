INSERT INTO users (name) VALUES ('Ada Lovelace'), ('Ben Okri');
