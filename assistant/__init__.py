"""emotion-assistant: tells a visually impaired wearer, in a few spoken words, how the person in front looks."""

__version__ = "0.1.0"
