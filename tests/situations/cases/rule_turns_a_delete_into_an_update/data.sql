INSERT INTO notes VALUES (3, 'rope', 'draft');
