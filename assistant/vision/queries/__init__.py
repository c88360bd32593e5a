"""Questions of the wearer: the snapshot of a scene and the answers made from it."""
