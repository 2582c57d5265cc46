INSERT INTO people (mood) VALUES ('serene');
