"""`python -m grader` in a process of its own, with the stand-in for the node."""

import sys

from grader.cli import main
from grader.running import nodes
from tests.grader.running import plain_node

if __name__ == "__main__":
    nodes.start = plain_node.start
    sys.exit(main(sys.argv[1:]))
