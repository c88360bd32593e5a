"""Faces from box to tensor: tracking, geometry, quality, preprocessing."""
