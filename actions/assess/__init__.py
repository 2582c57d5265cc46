"""What going back would cost: read the migrations, rehearse, probe, find, rank the strategies."""
