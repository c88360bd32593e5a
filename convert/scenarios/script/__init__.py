"""Scripted scenes and their ground truth: records, generation, and folders of scenes on disk."""
