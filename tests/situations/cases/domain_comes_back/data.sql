INSERT INTO parcels (code) VALUES ('de-4');
