"""Where things are kept: Postgres, the live table, the artifacts bucket, the queues. Driver errors end here."""
