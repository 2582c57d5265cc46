INSERT INTO bookings (room, during) VALUES ('[1,2)', '[2024-01-01, 2024-01-03)');
