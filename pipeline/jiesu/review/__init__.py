"""What reviews tell: which answer stands, how far reviewers agree, what audits show."""
