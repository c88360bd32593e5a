"""Comparison of what was announced with the ground truth: verdicts, figures, report, plot."""
