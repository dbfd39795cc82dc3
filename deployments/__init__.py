"""How things are started and wired."""
