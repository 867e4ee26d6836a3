"""Every exit code of `pollguard`, in one place.

`run` otherwise exits with COMMAND's own code, or 128 + n when signal n ended COMMAND.
"""

from __future__ import annotations

OK = 0
"""In order: a standby that was told to stop; a good `health`; a `handover` that was taken."""
NOT_GOOD = 1
"""`health` found a fault, `handover` was not done, or no guard answered."""
USAGE = 64
"""The arguments are not understood."""
BAD_REDIS_URL = 65
"""POLLGUARD_REDIS_URL is missing or can't be understood."""
BAD_SETTINGS = 66
"""Another setting is missing, can't be parsed, or contradicts another one."""
REDIS_REFUSED = 67
"""Redis refused the login, or what the guard needs to do."""
PORT_TAKEN = 68
"""Something else listens on the gate's port."""
NAME_TAKEN = 69
"""A guard of the same instance name already runs in this network namespace."""
INTERNAL = 70
"""The guard failed at its own work (its keeper died, a defect): COMMAND was killed first."""
DEAF = 75
"""COMMAND hadn't polled for too long, and was ended."""
UNHEALTHY = 76
"""The health command failed too often, and COMMAND was ended."""
NOT_EXECUTABLE = 126
"""COMMAND exists but can't be executed."""
NOT_FOUND = 127
"""COMMAND was not found."""
