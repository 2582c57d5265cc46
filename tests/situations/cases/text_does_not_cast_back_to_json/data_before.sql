INSERT INTO hooks (payload) VALUES ('{"a": 1}');
