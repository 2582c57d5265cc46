INSERT INTO words VALUES ('Zebra'), ('apple');
