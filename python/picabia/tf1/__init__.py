"""TensorFlow 1 inference scripts on Picabia: python -m picabia.tf1 SCRIPT ARGS... (docs/python.md)."""
