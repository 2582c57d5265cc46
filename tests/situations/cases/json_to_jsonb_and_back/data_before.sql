INSERT INTO hooks (payload) VALUES ('{"b":1,  "a":2}');
