"""A stand-in for TimelinesAI: its Public API, its webhooks, and the people who write to each other."""
