INSERT INTO articles (tag) VALUES ('red'), ('green');
