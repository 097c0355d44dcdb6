"""All that a gradebook holds of a tiny class, to compare two of them."""

from nbgrader.api import Gradebook


def everything(url, course_id="neural-network-foundations"):
    """Return what a gradebook says of each submission of the class."""
    with Gradebook(url, course_id) as book:
        return {
            submission.student_id: {
                "score": (submission.score, submission.max_score, submission.needs_manual_grade),
                "grades": {
                    grade.name: (grade.auto_score, grade.manual_score, grade.extra_credit,
                                 grade.max_score, grade.needs_manual_grade, grade.failed_tests)
                    for notebook in submission.notebooks for grade in notebook.grades
                },
                "comments": {
                    comment.name: (comment.auto_comment, comment.manual_comment)
                    for notebook in submission.notebooks for comment in notebook.comments
                },
            }
            for submission in book.assignment_submissions("tiny")
        }
