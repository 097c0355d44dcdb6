"""Grading on top of nbgrader: release problem sets, grade a class, report the points.

Run it as `python -m grader`. nbgrader stays the engine: its notebooks, gradebook, formgrader and
feedback; this package makes sure that every submission ends with a grade or a stated reason.
"""
