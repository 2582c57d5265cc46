INSERT INTO parcels (code) VALUES ('DE4');
