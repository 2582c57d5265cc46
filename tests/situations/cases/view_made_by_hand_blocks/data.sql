UPDATE users SET country = 'CH' WHERE id = 1;
CREATE VIEW users_by_country AS SELECT country, count(*) FROM users GROUP BY country;
