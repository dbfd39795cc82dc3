"""Stand-ins for TimelinesAI and Zoho CRM: real HTTP servers with memory and fault switches."""
