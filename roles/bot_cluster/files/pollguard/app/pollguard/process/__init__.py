"""Process mode: COMMAND runs only while its guard holds the lease."""
