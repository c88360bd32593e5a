"""The training toolkit that the three model families share."""
