"""What writes to a service's database: looked at, stopped, brought back; and the proof that it is quiet."""
