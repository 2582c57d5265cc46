INSERT INTO articles (title) VALUES ('one'), ('two'), ('three');
