"""What is done to pairs of pollers, and what the stand-in's record says of it."""
