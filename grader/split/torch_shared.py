"""How one object of PyTorch crosses and is kept in step; `torch_table` has all of them."""

from typing import TYPE_CHECKING, Any, ClassVar

from grader.split.torch_errors import malformed

if TYPE_CHECKING:
    from grader.split.torch_table import Table

Json = Any


class Shared:
    """How objects of one kind cross, and are kept in step. One subclass for each kind.

    Attributes
    ----------
    code : str
        Stands for the kind in messages.
    upward : bool
        Whether the judge builds twins of a student's objects of this kind.
    """

    code: ClassVar[str] = ""
    upward: ClassVar[bool] = False

    def fits(self, value: Any) -> bool:
        """Say whether an object is of this kind."""
        raise NotImplementedError

    def define(self, entry: "Entry", table: "Table") -> Json:
        """Write an object so that `build` can make its twin; set `entry.known`."""
        raise NotImplementedError

    def build(self, number: int, node: Json, table: "Table") -> Any:
        """Make the twin of an object of the other side."""
        raise NotImplementedError

    def change(self, entry: "Entry", table: "Table") -> Json:
        """Write what differs from `entry.known` and update that; None if nothing does."""
        return None

    def apply(self, entry: "Entry", node: Json, table: "Table") -> None:
        """Do to an object what the other side did to its twin; update `entry.known`."""
        raise malformed(f"a change of something that cannot change ({self.code})")

    def settle(self, entry: "Entry", table: "Table") -> None:
        """Note the state of a twin that has just been built in `entry.known`."""

    def doubt(self, entry: "Entry") -> None:
        """Take nothing for granted that the other side knows: the next message says it all."""
        entry.known = None


class Entry:
    """One object that both sides know.

    Parameters
    ----------
    number : int
        Its number, the same on both sides.
    value : object
        The object of this side.
    kind : Shared
        Its kind.
    mine : bool
        Whether the object is this side's own, and the other one has the twin.
    """

    __slots__ = ("edge", "kind", "known", "mine", "number", "sent", "value")

    def __init__(self, number: int, value: Any, kind: Shared, mine: bool) -> None:
        self.number, self.value, self.kind, self.mine = number, value, kind, mine
        self.known: Any = None  # the state that both sides agree on
        self.edge: Any = None  # of a tensor with a record: where in it the tensor stands
        self.sent = not mine
