"""What a terminal and Slack say in the same words: amounts, times, states, and what an assessment means."""
