INSERT INTO old_events VALUES (4, 'd');
