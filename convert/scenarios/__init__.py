"""The event benchmark: scripted scenes of real faces through the whole assistant, judged by what was said and when."""
