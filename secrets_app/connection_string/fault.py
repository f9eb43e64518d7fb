"""What is wrong with a connection string, in words that hold none of its values."""


class Fault(Exception):  # noqa: N818 - it is the user's mistake, told as a sentence, not an error of ours
    """Carries the sentence, the way out, the number of the mistake, and a string that would do, where one is known."""

    example: str | None = None

    def __init__(self, number: int, says: str, way_out: str, cause: str = "setting_invalid") -> None:
        self.number, self.says, self.way_out, self.cause = number, says, way_out, cause
        super().__init__(says)
