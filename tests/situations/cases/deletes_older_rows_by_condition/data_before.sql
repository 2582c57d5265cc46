INSERT INTO categories (name, built_in) VALUES ('Inbox', true), ('Holidays', false);
