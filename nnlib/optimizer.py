"""What every optimizer does: go through the parameters and let a rule change them in place.

Small parameters are laid end to end and changed together, as each NumPy call has a price however
few its numbers. Large ones are changed slice by slice: a rule passes several times over its
numbers, and from the second pass on they should still be in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from . import _checks
from .parameter import Array, Parameter

SLICE, PACK = 262144, 65536
"""Numbers that a rule handles at a time, and those laid end to end at most."""


class _Group:
    """Parameters that are changed together, and the optimizer's memory of them."""

    def __init__(self, params: list[Parameter], memory: list[Array], t: int = 0) -> None:
        self.params, self.memory, self.t = params, memory, t

    def split(self) -> list[_Group]:
        """Make a group of each parameter, for when not all have a gradient."""
        cuts = np.cumsum([p.data.size for p in self.params])[:-1]
        parts = [np.split(array, cuts) for array in self.memory]
        return [
            _Group([p], [pieces[i].reshape(p.data.shape) for pieces in parts], self.t)
            for i, p in enumerate(self.params)
        ]


def _packed(params: list[Parameter]) -> list[list[Parameter]]:
    """Put neighbours of one dtype together while they are few numbers."""
    packs: list[list[Parameter]] = []
    for p in params:
        size = p.data.size + sum(q.data.size for q in packs[-1]) if packs else 0
        if packs and size <= PACK and packs[-1][0].data.dtype == p.data.dtype:
            packs[-1].append(p)
        else:
            packs.append([p])
    return packs


class Optimizer:
    """Base class: goes through the parameters; a subclass holds the rule.

    Parameters
    ----------
    params : iterable of Parameter
    lr : float >= 0
        Learning rate; schedulers change the attribute of the same name.
    weight_decay : float >= 0, default 0.0

    Raises
    ------
    ValueError
        If there are no parameters, one occurs twice, or an option is out of range; in `step`, if
        a gradient has not the shape and dtype of its parameter.

    Notes
    -----
    Formula: w = w - (what the rule makes of the gradient). A parameter without gradient stays.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), Deep Learning, MIT Press, chapter 8.

    Examples
    --------
    >>> from nnlib import SGD
    >>> w = Parameter([1.0])
    >>> optimizer = SGD([w], lr=0.1)
    >>> w.add_grad(np.array([2.0])), optimizer.step(), w.data
    (None, None, array([0.8]))
    """

    _memories = 0  # how many numbers the rule remembers for each parameter
    _pack = False  # whether the rule takes so many steps that laying end to end pays

    def __init__(self, params: Iterable[Parameter], lr: float, weight_decay: float = 0.0) -> None:
        who, self.params = type(self).__name__, list(params)
        wrong = [p for p in self.params if not isinstance(p, Parameter)]
        if wrong or not self.params:
            got = f"{type(wrong[0]).__name__}" if wrong else "none"
            raise ValueError(f"{who}: expected Parameters such as model.parameters(), got {got}.")
        if len({id(p) for p in self.params}) < len(self.params):
            raise ValueError(f"{who}: a parameter occurs twice and would be changed twice.")
        self.lr = _checks.number_in(lr, "lr", who)
        self.weight_decay = _checks.number_in(weight_decay, "weight_decay", who)
        self._groups = []
        for pack in _packed(self.params) if self._pack else [[p] for p in self.params]:
            first = pack[0].data
            shape = first.shape if len(pack) == 1 else sum(p.data.size for p in pack)
            memory = [np.zeros(shape, first.dtype) for _ in range(self._memories)]
            self._groups.append(_Group(pack, memory))

    def zero_grad(self) -> None:
        """Set every gradient to None."""
        for parameter in self.params:
            parameter.grad = None

    def step(self) -> None:
        """Change every parameter that has a gradient."""
        for group in self._groups.copy():
            if len(group.params) == 1:
                self._step_alone(group)
                continue
            grads = [p.grad for p in group.params if p.grad is not None]
            if len(grads) == len(group.params):
                self._step_packed(group, grads)
            elif grads:
                at, parts = self._groups.index(group), group.split()
                self._groups[at : at + 1] = parts
                for part in parts:
                    self._step_alone(part)

    def _step_alone(self, group: _Group) -> None:
        (p,) = group.params
        data, grad = p.data, p.grad
        if grad is None:
            return
        self._check(p, grad)
        group.t += 1
        if data.size <= SLICE and data.ndim:
            self._update(group.t, data, grad, *group.memory)
            return
        flat = [array.reshape(-1) for array in (data, grad, *group.memory)]
        for start in range(0, data.size, SLICE):
            self._update(group.t, *(array[start : start + SLICE] for array in flat))

    def _step_packed(self, group: _Group, grads: list[Array]) -> None:
        for p, grad in zip(group.params, grads, strict=True):
            self._check(p, grad)
        group.t += 1
        data = np.concatenate([p.data for p in group.params], axis=None)
        self._update(group.t, data, np.concatenate(grads, axis=None), *group.memory)
        start = 0
        for p in group.params:
            stop = start + p.data.size
            p.data.reshape(-1)[:] = data[start:stop]
            start = stop

    def _check(self, p: Parameter, grad: Array) -> None:
        if grad.shape != p.data.shape or grad.dtype != p.data.dtype:
            raise ValueError(f"{type(self).__name__}: {p} has the gradient {grad!r}.")

    def _update(self, t: int, data: Array, grad: Array, *memory: Array) -> None:
        """Change `data` and `memory` in place, in step t = 1, 2, ..., but not `grad`."""
        raise NotImplementedError(f"{type(self).__name__} needs a method _update.")
