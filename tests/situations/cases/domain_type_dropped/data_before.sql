INSERT INTO parcels (code) VALUES ('CH17');
