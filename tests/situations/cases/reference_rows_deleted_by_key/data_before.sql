INSERT INTO countries VALUES ('FR', 'France');
