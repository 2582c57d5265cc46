INSERT INTO users (active) VALUES (true), (false), (true);
