ALTER TABLE users ADD code text DEFAULT new_code();
