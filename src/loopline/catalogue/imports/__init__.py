"""Files into the catalogue: read a CSV or XLSX file, say what every row would change, refuse what cannot be.

`table` is what a file is once read; `csv_file` and `xlsx_file` read it; `columns` knows the columns and their types;
`plan` compares rows with the catalogue. Nothing here writes.
"""
