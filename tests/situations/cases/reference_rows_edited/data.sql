UPDATE countries SET name = 'Aotearoa' WHERE code = 'NZ';
