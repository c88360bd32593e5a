"""The occlusion classifier: its training crops and its training."""
