INSERT INTO bookings (room_id, guest, nights, price, wish)
SELECT 1 + n % 240, 'Guest ' || n % 9000, 1 + n % 9, 60 + n % 140,
    CASE WHEN n % 3 = 0 THEN (ARRAY['A quiet room', 'Late arrival', 'Vegan breakfast'])[1 + n % 7 % 3] END
FROM generate_series(1, 3600) n;
INSERT INTO vouchers (code, booking_id, amount)
SELECT 'AUTUMN-' || id, id, 10 + id % 90 FROM bookings WHERE id > 150000 AND id % 4 = 0;
