"""The expression classifiers: recipe, networks, training, quantization, card, evaluation."""
