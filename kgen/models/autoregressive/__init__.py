"""Likelihood models that draw one pixel after another."""
