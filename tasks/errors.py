"""Every error that Market Brief raises on purpose, and the exit code that each one means.

    MarketBriefError            1   something unexpected, worded for a person
    ├── UsageError              2   the command line is off
    ├── ConfigError             3   market.toml is missing, unreadable or wrong
    ├── SourceError             4   a required source or an input file can't be used
    ├── QualityGateError        5   a data test failed: nothing was published
    ├── ModelUnavailableError   6   a model is missing or not the one expected
    ├── LockedError             7   another run holds the lock
    └── DataContractError       1   a stage was handed, or made, data that breaks its contract

An error says what happened, where, why as far as is known, and how to mend it.
"""


class MarketBriefError(Exception):
    """Base of the tree.

    Args:
        fact: what happened, and where.
        why: the likely cause; left out when it is not known.
        fix: what the reader can do about it.
    """

    exit_code = 1

    def __init__(self, fact: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(fact)
        self.fact = fact
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        parts = [self.fact]
        if self.why:
            parts.append(f"Why: {self.why}")
        if self.fix:
            parts.append(f"Fix: {self.fix}")
        return "\n".join(parts)

    def __reduce__(self) -> tuple:
        return (_rebuild, (type(self), self.fact, self.why, self.fix))


def _rebuild(kind: type[MarketBriefError], fact: str, why: str, fix: str) -> MarketBriefError:
    """Unpickle an error: exceptions with keyword-only arguments can't be rebuilt by default."""
    return kind(fact, why=why, fix=fix)


class UsageError(MarketBriefError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = 2


class ConfigError(MarketBriefError):
    """market.toml is missing, unreadable or wrong."""

    exit_code = 3


class SourceError(MarketBriefError):
    """A required source, or an input file, can't be read or used."""

    exit_code = 4


class QualityGateError(MarketBriefError):
    """A data test marked `fail` failed: the last published snapshot stays as it was."""

    exit_code = 5


class ModelUnavailableError(MarketBriefError):
    """A model's files are missing, or are not the ones that were expected."""

    exit_code = 6


class LockedError(MarketBriefError):
    """Another run holds the project's lock."""

    exit_code = 7


class DataContractError(MarketBriefError):
    """A stage received or produced data that breaks its documented contract."""
