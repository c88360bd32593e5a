"""The shipped models: each NAME.tflite with its card NAME.json."""
