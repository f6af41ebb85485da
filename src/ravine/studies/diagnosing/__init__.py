"""What `diagnose` is made of: observe a run, judge it, try the remedies."""
