INSERT INTO tokens (secret) VALUES ('correct horse'), ('battery staple');
