INSERT INTO rooms (place) VALUES ('3-12'), ('4-1');
