INSERT INTO accounts (settings) VALUES ('{"theme": "light"}');
