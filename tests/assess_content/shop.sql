CREATE TYPE mood AS ENUM ('sad', 'fine', 'great');
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, email varchar(255), state mood, age int,
                    balance numeric(12,2), plan text DEFAULT 'free', seen timestamptz, settings json,
                    shout text GENERATED ALWAYS AS (upper(name)) STORED);
INSERT INTO users (name, email, state, age, balance, plan, seen, settings)
SELECT 'user ' || n, CASE WHEN n % 3 > 0 THEN 'u' || n || '@example.org' END,
       (ARRAY['sad', 'fine', 'great'])[n % 3 + 1]::mood, 20 + n, n * 1.50, 'pro' || n,
       '2026-01-01 12:00+00'::timestamptz + n * interval '1 hour',
       CASE n % 3 WHEN 0 THEN 'null' WHEN 1 THEN '{"b": 1,  "a": ' || n || '}' END::json
FROM generate_series(1, 9) n;
CREATE TABLE orders (id bigserial PRIMARY KEY, user_id int REFERENCES users ON DELETE CASCADE, total numeric);
INSERT INTO orders (user_id, total) SELECT n % 9 + 1, n / 4.0 FROM generate_series(1, 18) n;
CREATE TABLE members (team int, person int, role text, PRIMARY KEY (team, person));
INSERT INTO members SELECT n % 4, n, 'role ' || n FROM generate_series(1, 12) n;
CREATE TABLE log (line text, level int);
INSERT INTO log SELECT 'line ' || n / 2, n % 3 FROM generate_series(1, 10) n;
CREATE TABLE unused (id int PRIMARY KEY, note text);
CREATE TABLE alembic_version (version_num text PRIMARY KEY);
INSERT INTO alembic_version VALUES ('r2');
