INSERT INTO members (email, role) VALUES ('cyd@example.com', 'editor'), ('dee@example.com', 'author');
