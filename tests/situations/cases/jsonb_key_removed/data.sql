UPDATE accounts SET settings = jsonb_set(settings, '{theme}', '"dark"') WHERE id = 1;
