UPDATE subscriptions SET plan_id = (SELECT id FROM plans WHERE name = 'trial') WHERE customer = 'Bolt';
