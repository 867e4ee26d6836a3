"""Gate mode: the Bot API that COMMAND is given, and who polls behind it."""
