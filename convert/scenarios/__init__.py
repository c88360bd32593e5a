"""The event benchmark: scripted scenes with real faces are run through the whole assistant, and its announcements are
compared with the ground truth."""
