"""Hidden tests in a trusted process, the student's functions in another, plain data between."""
