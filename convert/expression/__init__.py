"""Expression classifiers: recipe, networks, training, quantization, card, evaluation."""
