INSERT INTO bookings (room_id, guest, nights, price)
VALUES (1 + (random() * 239)::int, 'Guest ' || (random() * 9000)::int, 2, 120)
