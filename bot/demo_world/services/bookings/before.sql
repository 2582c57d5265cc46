INSERT INTO rooms SELECT n, 'House ' || chr(65 + n % 4), 1 + n % 3 FROM generate_series(1, 240) n;
INSERT INTO bookings (room_id, guest, nights, price, created_at)
SELECT 1 + n % 240, 'Guest ' || n % 9000, 1 + n % 9, 60 + n % 140, now() - n * interval '3 minutes'
FROM generate_series(1, 150000) n;
