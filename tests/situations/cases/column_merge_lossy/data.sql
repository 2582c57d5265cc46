INSERT INTO users (name) VALUES ('Ludwig van Beethoven');
