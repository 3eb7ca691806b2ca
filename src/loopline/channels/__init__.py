"""Outside systems, one folder each: what comes in is turned into the records of the rooms."""
