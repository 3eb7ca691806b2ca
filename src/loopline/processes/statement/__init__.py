"""A party's statement: what its shares moved in a period, sealed day by day, and lines it disputes."""
