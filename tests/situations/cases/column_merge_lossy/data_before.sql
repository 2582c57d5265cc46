INSERT INTO users (first, last) VALUES ('Ada', 'Lovelace'), ('Mary Ann', 'Evans');
