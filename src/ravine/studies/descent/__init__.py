"""Look for double descent on DATA."""
