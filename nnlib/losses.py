"""The losses in one place: those of regression and those of classification."""

from .classification_losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss
from .regression_losses import HuberLoss, L1Loss, Loss, MSELoss

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HuberLoss",
    "L1Loss",
    "Loss",
    "MSELoss",
]
