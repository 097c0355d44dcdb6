"""Where a stranger's notebook runs: one warm server inside a sandbox, one fork for each submission.

Read `policy.py` (what the sandbox shows and allows), then `namespaces.py` (what each fork gives up)
and `forking.py` (the loop of both servers). Nothing is imported here: the student's side must stay
small.
"""
