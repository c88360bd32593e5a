"""The classifier of covered faces: its data set and its training."""
