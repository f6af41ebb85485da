"""Cases of one family a file: a fault planted by construction, or none."""
