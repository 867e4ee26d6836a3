"""A Telegram bot with a webhook API and a worker, small enough to read in one sitting."""
