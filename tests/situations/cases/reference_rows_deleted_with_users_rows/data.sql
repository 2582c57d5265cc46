INSERT INTO tags (name, colour) VALUES ('blocked', 'red'), ('sea', 'blue');
