"""Find what is wrong with a network, and prove the remedy."""
