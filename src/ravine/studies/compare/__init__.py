"""Find the best optimizer and learning rate for DATA."""
