INSERT INTO people VALUES (1, 'ada@example.com', '17'), (2, 'ben@example.com', '18');
