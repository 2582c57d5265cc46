INSERT INTO members (email, role) VALUES ('ada@example.com', 'writer'), ('ben@example.com', 'owner');
