"""The live table's stream into Postgres."""
