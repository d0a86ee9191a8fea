"""Graphs, whose nodes are rows of numbers."""
