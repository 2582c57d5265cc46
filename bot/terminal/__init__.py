"""How things look in a terminal: colours where there are any, plain words where there are none."""
