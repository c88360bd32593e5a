"""Data sets: FER-2013 and FER+, muxspace, face boxes, picture files."""
