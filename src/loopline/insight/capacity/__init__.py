"""What sites can do in a day, learnt from what they hand over in truth; reads what rooms publish.

`service.learn` writes a version with what it knows of each site and how well that foretold days held back;
`queries.standing` says of sites what they say, what was learnt, what holds, and why. Nothing here lowers a limit:
`processes.learnt_capacity` does, within what HQ allows. A version is never changed.
"""
