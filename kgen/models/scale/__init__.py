"""Networks that grow: large images, many classes."""
