INSERT INTO guests (name, phone)
SELECT 'Guest from afar ' || n, '+00 800 555 0100 ext. ' || 4000 + n FROM generate_series(1, 37) n;
