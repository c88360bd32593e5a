"""The face detector: training pictures, network, training, quantization, evaluation."""
