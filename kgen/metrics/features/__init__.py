"""Feature networks, in which distances are measured."""
