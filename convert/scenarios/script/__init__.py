"""What happens in a scene, and what is true of it."""
