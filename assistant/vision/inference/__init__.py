"""TFLite models: file and card, runtime, sandbox, self-test, and the two classifiers."""
