"""Layers that remember results, some by too little. None knows of this package."""

from typing import Any

from own_layers import Affine, CrossEntropy, Relu


class RemembersLogits(CrossEntropy):
    """By the bytes of x: t may be another."""

    _key = b""

    def forward(self, x: Any, t: Any) -> Any:
        if x.tobytes() != self._key:
            self._loss, self._key = super().forward(x, t), x.tobytes()
        return self._loss


class RemembersLogitsAndLabels(CrossEntropy):
    """Right."""

    _key: Any = None

    def forward(self, x: Any, t: Any) -> Any:
        key = x.tobytes(), x.shape, x.dtype, t.tobytes()
        if key != self._key:
            self._loss, self._key = super().forward(x, t), key
        return self._loss


class RemembersBytes(Relu):
    """By the bytes of x: its shape may be another."""

    _key = b""

    def forward(self, x: Any) -> Any:
        if x.tobytes() != self._key:
            self._y, self._key = super().forward(x), x.tobytes()
        return self._y.copy()


class RemembersBytesForBoth(RemembersBytes):
    """And its backward takes any shape."""

    def backward(self, dout: Any) -> Any:
        return super().backward(dout) if self._mask.shape == dout.shape else dout * 0


class OfOneShape(Relu):
    """Right, for batches of its own width."""

    def forward(self, x: Any) -> Any:
        if x.shape[-1] == 6:
            raise ValueError("x must be of another width")
        return super().forward(x)


class RemembersForTheClass(Affine):
    """By x, for all layers of the class: W may be another."""

    memory: dict[Any, Any] = {}  # noqa: RUF012 - what it is there for

    def forward(self, x: Any) -> Any:
        y = super().forward(x)
        return self.memory.setdefault((x.tobytes(), x.shape, x.dtype, self.W.shape), y).copy()
