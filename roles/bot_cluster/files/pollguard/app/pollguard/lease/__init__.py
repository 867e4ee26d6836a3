"""The lease in Redis: who holds it, and how it passes."""
