"""One grading run: intake, execution by workers, records in the gradebook, journal, progress.

`runner` is the way through; each step is a module of its own. Nothing here executes a student's
code: that is `grader.isolation` and `grader.split`.
"""
