"""The vision half: from a camera frame to a rare change worth a few words."""
