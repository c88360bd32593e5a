"""Friends: who is it? People whom the wearer has taught, with their consent, are named; nobody else is."""
