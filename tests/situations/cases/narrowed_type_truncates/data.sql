INSERT INTO users (email) VALUES ('augusta.ada.king@example.com'), ('ben@example.com');
