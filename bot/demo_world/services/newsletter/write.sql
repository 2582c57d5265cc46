INSERT INTO mails (subscriber_id, subject) VALUES (1 + (random() * 59999)::int, 'Winter is coming')
