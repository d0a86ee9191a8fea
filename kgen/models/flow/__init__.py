"""Normalising flows: exact likelihoods by exact inverses."""
