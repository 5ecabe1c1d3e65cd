"""Work in the background: Huey wakes it, the tables say what there is to do."""
