INSERT INTO coupons (code) VALUES ('SPRING');
UPDATE orders SET coupon_id = 1 WHERE id = 2;
