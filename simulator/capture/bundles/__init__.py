"""One file with all that is needed to run a scenario again, and the comparison when it is."""
