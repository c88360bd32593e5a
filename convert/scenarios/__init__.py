"""The event benchmark: scripted scenes of real faces through the whole assistant, scored by its announcements."""
