"""What leaves the ledger as a file: CSV, Excel, Parquet and charts. Pandas and its relatives live here and in `quality`."""
