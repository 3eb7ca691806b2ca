"""Close: a month of a legal entity's books is proven, its returns are expected, and its sheet is kept for good."""
