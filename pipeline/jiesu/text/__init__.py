"""From an appeal's text to characters that can be matched, and back to the original offsets."""
