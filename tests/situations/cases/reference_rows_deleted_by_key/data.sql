INSERT INTO countries VALUES ('PT', 'Portugal');
