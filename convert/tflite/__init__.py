""".tflite files on the desktop: what they are made of and how fast they run."""
