INSERT INTO words VALUES ('Apple');
