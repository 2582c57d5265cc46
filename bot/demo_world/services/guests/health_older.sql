SELECT count(*) || ' phone numbers are longer than this release can read' FROM guests
WHERE length(phone) > 20 HAVING count(*) > 0
