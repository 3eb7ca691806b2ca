"""The desktop console of headquarters, one file per page; on a phone it is the same page, narrower."""
