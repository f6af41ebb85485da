"""Train one network on DATA."""
