INSERT INTO users (email, state) VALUES ('ada@example.com', 'active'), ('ben@example.com', 'blocked'), ('cyd@example.com', 'invited by hand');
