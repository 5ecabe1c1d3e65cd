"""Work in the background: Huey rings the bell, the tables say what there is to do."""
