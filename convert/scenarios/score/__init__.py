"""Scoring of announcements by the ground truth: verdicts, figures, report, plot."""
