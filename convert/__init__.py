"""emotion-convert: trains, quantizes, verifies, evaluates and benchmarks the models that the assistant carries."""
