"""Synthetic changes of face pictures: occlusions, accessories, printed faces, lighting, affine maps."""
