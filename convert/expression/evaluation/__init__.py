"""How good a shipped classifier is: every figure from its .tflite file, through the assistant's own preprocessing."""
