INSERT INTO people (name) VALUES ('ben');
INSERT INTO users (name) VALUES ('eve');
