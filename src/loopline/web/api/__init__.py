"""The JSON API under /api/v1: one file per resource, on the same processes and rooms as the pages.

`caller` says who asks and what that caller may do where, `reading` turns a body into records or says which field is
wrong, `answers` runs the work in a transaction and answers once per Idempotency-Key, `cursors` cuts lists into pages,
`limits` keeps one caller from taking everything, `types` are the fields that resources share.
"""
