INSERT INTO pages (title, state, changed) VALUES ('one', 'DRAFT', '2024-05-01 10:00+00'), ('two', 'SHOWN', '2024-06-01 10:00+00');
