INSERT INTO accounts (settings) VALUES ('{"size": 1}'), ('{}');
