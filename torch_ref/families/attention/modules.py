"""PyTorch's attention as modules of the inputs that the layers take."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class TorchAttention(nn.Module):
    def __init__(self, *, causal: bool) -> None:
        super().__init__()
        self.causal = causal

    def forward(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)


class SelfAttention(nn.MultiheadAttention):
    """nn.MultiheadAttention of x alone, without its weights: its fast ways."""

    def __init__(self, features: int, heads: int, *, causal: bool) -> None:
        super().__init__(features, heads, batch_first=True)
        self.causal = causal

    def forward(self, x: torch.Tensor) -> torch.Tensor:  # type: ignore[override] # q, k and v are x
        return super().forward(x, x, x, need_weights=False, attn_mask=self.mask(x))[0]

    def mask(self, x: torch.Tensor) -> Any:
        """True where a query may not look, unlike in scaled_dot_product_attention."""
        T = x.shape[1]
        return torch.ones(T, T, dtype=torch.bool).triu(1) if self.causal else None
