"""A stand-in for Telegram's Bot API and fal.ai, for the demo and the tests.

It speaks `getUpdates` with offsets, confirmations and conflicts as Telegram's own server does, keeps a
record of every request, and lets a test write as a user, read what the bot answered and order faults.
"""
