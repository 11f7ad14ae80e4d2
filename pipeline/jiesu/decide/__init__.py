"""Pure functions from probabilities and the jurisdiction to decisions."""
