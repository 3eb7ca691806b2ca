"""Pages around codes: where a scan arrives, and the sheets that are printed and hung up."""
