"""The flows: one file per deployment, each reads like a table of contents."""
