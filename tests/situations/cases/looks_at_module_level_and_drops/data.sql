INSERT INTO nicknames (nick) VALUES ('lovelace');
