"""The version, read by the package metadata without importing anything heavy."""

__version__ = "0.1.0"
