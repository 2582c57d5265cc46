INSERT INTO notes VALUES (1, 'milk', 'list'), (2, 'eggs', 'draft');
