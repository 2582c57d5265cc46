UPDATE counters SET hits = hits + 1;
