INSERT INTO user_preferences (user_id, theme) VALUES (1, 'dark'), (2, 'light');
