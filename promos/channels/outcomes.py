"""How a try can fail, named by what to do next."""


class NotDelivered(Exception):
    """
    Nothing left. ``is_final``: trying again will not help.

    ``wait_seconds`` is how long the other side asked to wait, None when it did not.
    """

    def __init__(
        self, problem: str, *, is_final: bool = False, wait_seconds: int | None = None
    ) -> None:
        super().__init__(problem)
        self.is_final = is_final
        self.wait_seconds = wait_seconds


class MaybeDelivered(Exception):
    """The message was handed over and no answer came: it is not repeated."""
