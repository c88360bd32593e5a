"""Scenes as camera frames."""
