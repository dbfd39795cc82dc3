-- Run once by the image, on an empty volume. Prefect's history and the ledger are two databases: only the ledger is backed up.
CREATE DATABASE prefect;
