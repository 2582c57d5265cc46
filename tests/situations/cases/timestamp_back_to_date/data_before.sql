INSERT INTO events (due) VALUES ('2024-03-31');
