"""Optimizers and learning rate schedules of a test, with twins in the student's process.

The twin is of the same class of torch.optim, over the twins of the same parameters: it steps in the
student's process, and its state and its settings come back. A student's own optimizers stay there.
"""

import functools
import inspect
import weakref
from typing import Any

import torch
from torch.optim import Optimizer, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

from grader.split.torch_errors import NotAcross, malformed
from grader.split.torch_plain import NotPlain, read_plain, write_plain
from grader.split.torch_shared import Entry, Json, Shared
from grader.split.torch_table import Table

MOST_GROUPS = 1000
MOST_NAMES = 100
HOOKS = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")


class Optimizers(Shared):
    """Optimizers of torch.optim, without hooks."""

    code = "optimizer"

    def fits(self, value: Any) -> bool:
        return isinstance(value, Optimizer)

    def define(self, entry: Entry, table: Table) -> Json:
        optimizer = entry.value
        kind = type(optimizer)
        if any(vars(optimizer).get(name) for name in HOOKS):
            raise NotAcross("an optimizer with hooks", "pass one without")
        if getattr(torch.optim, kind.__name__, None) is not kind:
            raise NotAcross(f"an optimizer of the class {kind.__name__}",
                            "use one of torch.optim, or let the test itself take the steps")
        entry.known = state_of(optimizer, table)
        return [kind.__name__, write_plain(optimizer.defaults, table.refer), entry.known]

    def build(self, number: int, node: Json, table: Table) -> Optimizer:
        name, defaults, state = node
        kind = getattr(torch.optim, name)
        options = read_plain(defaults, _tensors(table), trusted=True)
        accepted = inspect.signature(kind.__init__).parameters
        groups = [_group(group, table) for group in state[0]]
        made: Optimizer = kind(groups, **{k: v for k, v in options.items() if k in accepted})
        fill(made, state, table)
        return made

    def settle(self, entry: Entry, table: Table) -> None:
        entry.known = state_of(entry.value, table)

    def change(self, entry: Entry, table: Table) -> Json:
        state = state_of(entry.value, table)
        if state == entry.known:
            return None
        entry.known = state
        return state

    def apply(self, entry: Entry, node: Json, table: Table) -> None:
        fill(entry.value, node, table)
        entry.known = state_of(entry.value, table)


def state_of(optimizer: Optimizer, table: Table) -> Json:
    """Write groups and state; tensors by their numbers."""
    try:
        groups = [
            [[table.refer(p) for p in group["params"]],
             [[key, write_plain(value, table.refer)]
              for key, value in group.items() if key != "params"]]
            for group in optimizer.param_groups
        ]
        state = [
            [table.refer(p), [[key, write_plain(value, table.refer)] for key, value in of.items()]]
            for p, of in optimizer.state.items()
        ]
    except NotPlain as error:
        raise NotAcross(f"an optimizer whose state is not plain ({error})",
                        "keep to numbers and tensors") from None
    return [groups, state]


def fill(optimizer: Optimizer, written: Json, table: Table) -> None:
    """Give an optimizer the groups and the state that the other side wrote."""
    written_groups, written_state = written
    if not 0 < len(written_groups) <= MOST_GROUPS:
        raise malformed("an optimizer with an impossible number of groups")
    groups = [_group(group, table) for group in written_groups]
    own = optimizer.param_groups
    for mine, new in zip(own, groups, strict=False):
        mine.clear()
        mine.update(new)
    own[:] = [*own[: len(groups)], *groups[len(own):]]
    state = {
        table.look_up(number, torch.Tensor): _options(options, table)
        for number, options in written_state
    }
    optimizer.state.clear()
    optimizer.state.update(state)


def _tensors(table: Table) -> Any:
    return lambda number: table.look_up(number, torch.Tensor)


def _options(pairs: Json, table: Table) -> dict[str, Any]:
    if len(pairs) > MOST_NAMES or not all(type(key) is str for key, _ in pairs):
        raise malformed("settings of an optimizer with impossible names")
    return {key: read_plain(value, _tensors(table), trusted=not table.judge)
            for key, value in pairs}


def _group(node: Json, table: Table) -> dict[str, Any]:
    numbers, options = node
    params = [table.look_up(number, torch.Tensor) for number in numbers]
    if not all(p.is_leaf for p in params):
        raise malformed("an optimizer of tensors that are no leaves")
    return {"params": params, **_options(options, table)}


def _note_steps(optimizer: Any) -> None:
    """Have an optimizer note that it has stepped, as the constructor of a schedule does."""
    step = optimizer.step
    if hasattr(step, "_wrapped_by_lr_sched"):
        return
    to_optimizer, function = weakref.ref(optimizer), step.__func__

    @functools.wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        own: Any = to_optimizer()
        own._opt_called = True
        return function(own, *args, **kwargs)

    noted._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    optimizer.step = noted


class Schedules(Shared):
    """Schedules of torch.optim.lr_scheduler whose settings are numbers."""

    code = "schedule"

    def fits(self, value: Any) -> bool:
        return isinstance(value, LRScheduler)

    def define(self, entry: Entry, table: Table) -> Json:
        kind = type(entry.value)
        if getattr(lr_scheduler, kind.__name__, None) is not kind:
            raise NotAcross(f"a schedule of the class {kind.__name__}",
                            "use one of torch.optim.lr_scheduler")
        entry.known = self._settings(entry.value)
        return [kind.__name__, table.refer(entry.value.optimizer), entry.known]

    def build(self, number: int, node: Json, table: Table) -> LRScheduler:
        name, optimizer, settings = node
        kind = getattr(lr_scheduler, name)
        made: LRScheduler = kind.__new__(kind)
        made.optimizer = table.look_up(optimizer, Optimizer)
        _note_steps(made.optimizer)
        self._fill(made, settings, table)
        return made

    def settle(self, entry: Entry, table: Table) -> None:
        entry.known = self._settings(entry.value)

    def change(self, entry: Entry, table: Table) -> Json:
        settings = self._settings(entry.value)
        if settings == entry.known:
            return None
        entry.known = settings
        return settings

    def apply(self, entry: Entry, node: Json, table: Table) -> None:
        self._fill(entry.value, node, table)
        entry.known = self._settings(entry.value)

    @staticmethod
    def _settings(schedule: LRScheduler) -> Json:
        try:
            return [[name, write_plain(value)] for name, value in vars(schedule).items()
                    if name != "optimizer"]
        except NotPlain as error:
            raise NotAcross(
                f"a {type(schedule).__name__} ({error})",
                "use a schedule whose settings are numbers, such as StepLR") from None

    @staticmethod
    def _fill(schedule: LRScheduler, settings: Json, table: Table) -> None:
        inside = vars(schedule)
        names = {name for name, _ in settings}
        if table.judge and not names <= inside.keys():
            raise malformed("settings that a schedule does not have")
        for name, value in settings:
            inside[name] = read_plain(value, trusted=not table.judge)
