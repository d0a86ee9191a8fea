"""Models that learn from a graph."""
