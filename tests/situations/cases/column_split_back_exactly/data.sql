INSERT INTO rooms (floor, door) VALUES (5, 7);
