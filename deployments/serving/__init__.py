"""`chatledger serve`: deployments, the process that starts their runs, the web pages, and the watch over all of it."""
