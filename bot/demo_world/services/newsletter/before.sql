INSERT INTO subscribers (email, since)
SELECT 'guest' || n || '@example.com', now() - n * interval '7 minutes' FROM generate_series(1, 60000) n;
INSERT INTO mails (subscriber_id, subject, sent_at)
SELECT 1 + n % 60000, 'Autumn in the mountains', now() - n * interval '20 seconds' FROM generate_series(1, 120000) n;
