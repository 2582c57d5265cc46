INSERT INTO people.users (email) VALUES ('cyd@example.com');
