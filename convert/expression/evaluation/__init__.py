"""Evaluation of expression models: their .tflite files, with the assistant's preprocessing and runtime."""
