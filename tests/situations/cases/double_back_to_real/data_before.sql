INSERT INTO places (latitude) VALUES (47.5);
