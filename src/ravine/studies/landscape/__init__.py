"""Show the loss around trained networks."""
