"""Synthetic changes to pictures of faces: occlusions, accessories, printed faces, lighting, affine maps."""
