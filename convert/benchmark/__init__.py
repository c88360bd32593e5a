"""What any .tflite file costs on this machine: time, memory, operators, heat and power; on a Pi without TensorFlow."""
