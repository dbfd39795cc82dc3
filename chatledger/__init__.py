"""Everything that is true without Prefect."""
