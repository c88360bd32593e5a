"""Scripted scenes and their ground truth: records, generation, and scenes as folders on disk."""
