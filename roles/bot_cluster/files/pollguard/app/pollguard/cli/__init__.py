"""The command line: `run`, and the clients of a guard that runs. Nothing dear is imported here."""
