"""Prefect blocks: configuration and secrets; each builds one thing."""
