"""Classifiers of expressions side by side, under one protocol: recipes trained at equal cost, runs, files of models."""
