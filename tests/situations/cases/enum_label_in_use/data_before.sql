INSERT INTO people (mood) VALUES ('calm'), ('busy');
