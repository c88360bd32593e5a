"""Searches the settings of a recipe, and trains one recipe with several seeds, on one machine or on a Ray cluster."""
