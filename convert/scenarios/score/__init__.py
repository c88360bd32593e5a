"""Announcements against truth: score, figures, report, plot."""
