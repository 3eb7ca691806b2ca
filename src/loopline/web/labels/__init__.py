"""Labels of parcels, on paper and in the language of label printers.

What a label says is opened for whoever has the parcel in hand, is written down as opened, and is kept nowhere.
"""
