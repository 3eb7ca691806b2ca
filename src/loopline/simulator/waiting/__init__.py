"""What waiting buys: one day of orders decided at once as they come, in windows, or with everything known beforehand.

`country` draws sites, stock and days of orders; `study` decides a day in every way and prices each with the same code.
Nothing here touches a database.
"""
