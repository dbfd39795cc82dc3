"""A stand-in for Zoho: the accounts server and CRM API v8 in one process, with memory, fault switches and pages to look at."""
