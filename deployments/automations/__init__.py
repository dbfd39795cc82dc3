"""Alerts as Prefect automations: what they watch, and how they get into Prefect."""
