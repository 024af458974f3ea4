"""What we are made of, and whether it is what we chose: locks, advisories, bills of materials (docs/security.md)."""
