INSERT INTO shops (hours) VALUES (NULL);
