"""The world in a box: a brand, its customers and its stores, made up from a seed."""
