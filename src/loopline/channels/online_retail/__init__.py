"""The invoice file of an online retailer (UCI "Online Retail"): a channel that tells what has happened."""
