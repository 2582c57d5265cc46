"""What the live database says: read only, within a budget of time, without holding anybody up. Start at `prober.Prober`."""
