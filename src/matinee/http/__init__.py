"""What the HTTP functions share: who may, what goes wrong, and the shapes of what is said."""
