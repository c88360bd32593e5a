"""Rendering of scripted scenes as camera frames."""
