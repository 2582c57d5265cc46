INSERT INTO articles (tags) VALUES ('red,green');
