"""The moves of a tick, without Prefect: pull, resolve, send, settle, lease."""
