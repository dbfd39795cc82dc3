"""Effects as Prefect tasks, one file per outside system, without decisions."""
