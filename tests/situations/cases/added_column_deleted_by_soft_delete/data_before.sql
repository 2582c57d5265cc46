INSERT INTO notes (body) VALUES ('milk'), ('eggs'), ('rope');
