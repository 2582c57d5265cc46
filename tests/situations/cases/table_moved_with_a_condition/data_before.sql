INSERT INTO people VALUES (1, 'ada@example.com', NULL), (2, 'ben@example.com', '2025-01-31');
