"""Sounds: waves, float32 (n, length, 1) in [-1, 1]."""
