"""The face detector: its training pictures, network, training and judgement."""
