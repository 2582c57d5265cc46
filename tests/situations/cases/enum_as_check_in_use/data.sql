INSERT INTO jobs (state) VALUES ('paused');
