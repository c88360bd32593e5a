"""Tools for .tflite files: export, structure, speed, and the model cards beside them."""
