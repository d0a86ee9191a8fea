"""Why a picture was not taken."""


class Refusal(Exception):
    """One address or file that is left out; the work goes on with the next.

    Args:
        kind: What it is counted under, in a word or two.
        reason: One line for the user.
        again: Whether it may succeed at another time, so that the next crawl asks once more.
    """

    def __init__(self, kind: str, reason: str, again: bool = False):
        super().__init__(reason)
        self.kind, self.reason, self.again = kind, reason, again
