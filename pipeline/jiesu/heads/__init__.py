"""Heads: from texts to label probabilities."""
