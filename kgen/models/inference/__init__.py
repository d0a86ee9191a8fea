"""Adversarial networks with an encoder."""
