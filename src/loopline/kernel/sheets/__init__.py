"""Files of rows that people bring: CSV and XLSX read strictly, with limits, into cells with the line they stand in.

Pure: bytes in, rows out. What the columns mean is for whoever asked.
"""
