INSERT INTO tickets (subject, notes) VALUES ('broken', 'call back'), ('late', NULL);
