UPDATE documents SET embedding = '[1, 2, 3]' WHERE id = 1;
