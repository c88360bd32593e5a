"""The occlusion classifier: training crops and training."""
