INSERT INTO bookings (room, during) VALUES ('[1,2)', '[2024-01-02, 2024-01-04)');
