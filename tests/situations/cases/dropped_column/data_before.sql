INSERT INTO users (email, old_preferences) VALUES ('ada@example.com', 'dark'), ('ben@example.com', NULL), ('cyd@example.com', 'light');
