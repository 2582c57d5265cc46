INSERT INTO stays (guest_id, nights) VALUES (1 + (random() * 39999)::int, 1 + (random() * 5)::int)
