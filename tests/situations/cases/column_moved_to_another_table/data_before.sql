INSERT INTO users (email, address) VALUES ('ada@example.com', 'Elm Street 1'), ('ben@example.com', NULL), ('cyd@example.com', 'Oak Lane 7');
