UPDATE totals SET visits = 40, corrected = true WHERE page = 'home';
INSERT INTO totals VALUES ('imported', 300, true);
