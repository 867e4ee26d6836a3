"""What can be wrong before anything runs; the message is one line, meant for the user, free of secrets."""

from __future__ import annotations

from . import exit_codes


class SettingsError(ValueError):
    """A setting is missing, unparsable or contradicts another."""

    exit_code = exit_codes.BAD_SETTINGS


class RedisUrlError(SettingsError):
    """POLLGUARD_REDIS_URL can't be understood."""

    exit_code = exit_codes.BAD_REDIS_URL


class UsageError(SettingsError):
    """The command line can't be understood."""

    exit_code = exit_codes.USAGE


class CommandError(SettingsError):
    """COMMAND can't be run: not found, or not executable."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code
