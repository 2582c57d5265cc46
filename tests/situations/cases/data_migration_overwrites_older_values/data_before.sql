INSERT INTO users (email, status) VALUES ('ada@example.com', 'active'), ('ben@example.com', NULL), ('cyd@example.com', 'banned');
