"""What kgen raises when the input is at fault: one clear line that says what to do."""


class KgenError(Exception):
    """The base of kgen's own errors. The command line prints its one line and exits with code 2."""


class DataError(KgenError, ValueError):
    """The data cannot be used: no such set, an empty folder, a wrong shape or range."""


class RecipeError(KgenError, ValueError):
    """A recipe cannot be found or run: no such name, an unknown option, a run folder in the way."""


class CheckpointError(KgenError):
    """A checkpoint cannot be read: missing, cut short, or of another model."""


class NonFiniteLoss(KgenError, ArithmeticError):
    """A loss became NaN or infinite; training stopped at once."""


class ExportError(KgenError):
    """An export cannot be written or read: a folder in the way, no signatures, no export there."""


class MetricError(KgenError, ValueError):
    """A score cannot be taken: no such metric, too few images, or features that are no numbers."""
