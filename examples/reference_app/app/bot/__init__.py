"""The bot: what polls and answers."""
