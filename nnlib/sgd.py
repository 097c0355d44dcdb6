"""Gradient descent with and without momentum, in both conventions for momentum."""

from __future__ import annotations

from collections.abc import Iterable

from . import _checks
from .optimizer import Optimizer
from .parameter import Array, Parameter


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    Parameters
    ----------
    params : iterable of Parameter
    lr : float >= 0, default 0.001
    momentum : float >= 0, default 0.0
    weight_decay : float >= 0, default 0.0
        Adds weight_decay w to the gradient: the penalty (weight_decay / 2) sum w^2 on all `params`.
    nesterov : bool, default False
        Use the gradient plus momentum times the new v instead of v.
    classical : bool, default False
        Weigh the new gradient by 1 - momentum (and v is an average of gradients). Without it, as
        in PyTorch, v is a sum and a constant gradient is multiplied by 1 / (1 - momentum).

    Raises
    ------
    ValueError
        See `Optimizer`; also nesterov or classical without momentum.

    Notes
    -----
    Formula: v = momentum v + g, or v = momentum v + (1 - momentum) g if classical; w = w - lr v.

    References
    ----------
    Polyak, B. T. (1964). Some methods of speeding up the convergence of iteration methods. USSR
    Computational Mathematics and Mathematical Physics 4(5), 1-17.
    Sutskever, I. et al. (2013). On the importance of initialization and momentum. ICML (nesterov).

    Examples
    --------
    >>> import numpy as np
    >>> w = Parameter([0.0])
    >>> optimizer = SGD([w], lr=0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     w.grad = np.array([1.0])
    ...     optimizer.step()
    >>> w.data.round(3)  # -0.1, then -0.1 (1 + 0.9) more
    array([-0.29])
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float = 1e-3,
        momentum: float = 0.0,
        *,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        classical: bool = False,
    ) -> None:
        self.momentum = _checks.number_in(momentum, "momentum", "SGD")
        if not momentum and (nesterov or classical):
            raise ValueError("SGD: nesterov and classical need momentum > 0.")
        self.nesterov, self.classical, self._memories = nesterov, classical, int(momentum > 0)
        super().__init__(params, lr, weight_decay)

    def _update(self, t: int, data: Array, grad: Array, *memory: Array) -> None:
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if memory:
            grad = grad * (1 - self.momentum) if self.classical else grad
            velocity = memory[0]
            velocity *= self.momentum
            velocity += grad
            grad = grad + self.momentum * velocity if self.nesterov else velocity
        data -= self.lr * grad
