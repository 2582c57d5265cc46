INSERT INTO tags (name, colour) VALUES ('garden', 'green');
