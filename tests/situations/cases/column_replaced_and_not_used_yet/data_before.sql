INSERT INTO shops (hours) VALUES ('9 to 5'), ('by appointment');
