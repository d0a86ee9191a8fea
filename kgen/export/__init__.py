"""Export: a model's capabilities as the named signatures of a SavedModel, and reading them back.

`save` writes an export, `describe` says what one holds, `verify` compares one with the live
model through a process that has neither kgen nor Keras, and `next_version` numbers them as
TF Serving does. A model is known here by its `signatures()` alone.
"""

from kgen.export.description import describe
from kgen.export.saving import next_version, save
from kgen.export.verifying import verify

__all__ = ["describe", "next_version", "save", "verify"]
