"""A torch.autograd.Function: beside NumPy's layers it is one whose backward is asked by PyTorch."""

from typing import Any

import numpy as np
import torch

from numpy_impl.validation import Array
from torch_ref.your_layer.forms.function_class import class_of, in_names, signature_after
from torch_ref.your_layer.methods import arguments_of, data_of


def of_autograd(cls: Any) -> type:
    inputs = data_of(arguments_of(cls.forward)[1:])

    def run(self: Any, *data: Array) -> Any:
        arrays = [*data, *self.params.values()]
        self.inputs = [torch.from_numpy(np.array(one)).requires_grad_(one.dtype.kind == "f") for one in arrays]
        self.y = cls.apply(*self.inputs, *self.options.values())
        found = tuple(one.detach().numpy().copy() for one in _as_tuple(self.y))
        return found if isinstance(self.y, tuple) else found[0]

    def run_back(self: Any, *upstream: Array) -> Any:
        douts = [torch.from_numpy(np.array(one)) for one in upstream]
        wanted = [one for one in self.inputs if one.requires_grad]
        found: Any = torch.autograd.grad(_as_tuple(self.y), wanted, douts, retain_graph=True, allow_unused=True)
        arrays = [
            one.numpy().copy() if one is not None else np.zeros(of.shape) for one, of in zip(found, wanted, strict=True)
        ]
        return in_names(tuple(arrays), inputs, self.params) if len(arrays) > 1 or self.params else arrays[0]

    methods: dict[str, Any] = {"forward": (run, cls.forward), "backward": (run_back, cls.backward)}
    return class_of(cls, methods, signature_after(cls.forward, 1 + len(inputs)), inputs)


def _as_tuple(y: Any) -> tuple[Any, ...]:
    return y if isinstance(y, tuple) else (y,)
