"""TimelinesAI and Zoho over httpx, the only place that imports it."""
