UPDATE shops SET hours = '10 to 6';
