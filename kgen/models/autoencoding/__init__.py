"""Autoencoders that are no likelihood models."""
