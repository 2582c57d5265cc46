INSERT INTO guests (name, phone) SELECT 'Guest ' || n, '+49 30 ' || 100000 + n FROM generate_series(1, 40000) n;
INSERT INTO stays (guest_id, nights, created_at)
SELECT 1 + n % 40000, 1 + n % 6, now() - n * interval '4 minutes' FROM generate_series(1, 60000) n;
