INSERT INTO users (email, is_admin) VALUES ('ada@example.com', true), ('ben@example.com', false), ('cyd@example.com', false);
