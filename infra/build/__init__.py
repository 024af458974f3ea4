"""Make what is deployed: the functions' zip files, and their image."""
