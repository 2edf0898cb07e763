"""What contracts refuses. Each class is a code; its docstring is the sentence."""


class Malformed(ValueError):
    """This message does not read as what its topic says it is."""

    code = "malformed"

    def __init__(self, why: str) -> None:
        super().__init__(f"{(self.__doc__ or '').strip()} {why}")
        self.why = why


class Crossed(Malformed):
    """This message speaks for another gateway than the one whose topic it came on."""

    code = "crossed"


class BadKey(ValueError):
    """A signing key is 32 bytes, written as 0x and 64 hex digits."""

    code = "bad_key"
