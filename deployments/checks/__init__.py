"""What `chatledger doctor` looks at, one file per place: this machine, the ledger, TimelinesAI, Zoho."""
