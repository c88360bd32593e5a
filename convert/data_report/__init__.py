"""What is in a data set, before a model is trained on it: counts, twins, flat and damaged pictures, doubtful labels."""
