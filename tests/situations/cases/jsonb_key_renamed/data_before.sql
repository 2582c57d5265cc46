INSERT INTO accounts (settings) VALUES ('{"skin": "dark"}'), ('{}');
