INSERT INTO sessions VALUES ('a1', 'ada'), ('b2', 'ben');
