INSERT INTO people (mood) VALUES ('tired'), ('bored');
