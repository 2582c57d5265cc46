INSERT INTO hooks (payload) VALUES ('hello');
