"""Cases with a fault that is planted by construction, or with none; one file for each family of faults."""
