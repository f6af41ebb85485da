"""Find out whether dropout, depth, a penalty ... helps on DATA."""
