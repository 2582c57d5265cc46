WITH booked AS (
    INSERT INTO bookings (room_id, guest, nights, price, wish)
    VALUES (1 + (random() * 239)::int, 'Guest ' || (random() * 9000)::int, 2, 120,
            CASE WHEN random() < 0.3 THEN 'A quiet room' END)
    RETURNING id)
INSERT INTO vouchers (code, booking_id, amount) SELECT 'WINTER-' || id, id, 25 FROM booked WHERE random() < 0.3
