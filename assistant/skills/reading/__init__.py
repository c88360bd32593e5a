"""Reading: text before the camera, sentence by sentence."""
