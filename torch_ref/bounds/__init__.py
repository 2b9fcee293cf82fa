"""How far a correct result may lie from the exact one: a value with a proven radius, that composes.

NumPy and PyTorch sum in different orders, with or without FMA, with different exp and log. A `Ball` is a centre,
computed in a wider format, and a radius: whatever the order, the result of a correct implementation lies within the
radius of the centre. The bounds of a layer are its own formulas, written with balls.

The functions here take arrays of floats and of mpmath's numbers too: a layer's formula, written once, gives its balls,
and the exact result to many digits.

The model. What is called correct, in a format with unit roundoff u (2⁻²⁴ for float32, 2⁻⁵³ for float64):

- +, −, ×, ÷ and FMA err by at most u relatively, √ by 2 u, and exp, log, tanh, powers and their like by `LIBM` u;
- where a result may underflow it may also be flushed to zero: an error below τ, the smallest normal number;
- softmax subtracts the maximum of its row before anything else, a variance the mean;
- nothing overflows: where that is not certain the radius is infinite, and a comparison with it must fail as vacuous.

k roundings in a row, in any order, err by at most γ_k = k u / (1 − k u) relatively. A centre v with radius e stands for
values of magnitude at most M = |v| + e; each radius is made of what its operands bring (their e) and of what the
operation adds (u or γ times M). The machine epsilon of the wider format is part of u, which covers the rounding of the
centre, even where the wider format is no wider (on some platforms longdouble is double).

Where every term is an integer and the sum of their magnitudes stays below 2/eps, nothing rounds, whatever the order:
the radius is 0 and the comparison exact.

Sources: Higham, Accuracy and Stability of Numerical Algorithms (SIAM 2002), sections 2.2, 3.1 and 3.5. LIBM = 8 is
4 units in the last place; the greatest errors measured were 4.6 u for a float32 log, 3.6 u for its exp, expm1 and
log1p, 1.8 u for its tanh.
"""

from torch_ref.bounds.arrays import concatenate as concatenate
from torch_ref.bounds.arrays import pad as pad
from torch_ref.bounds.arrays import scatter_add as scatter_add
from torch_ref.bounds.arrays import where as where
from torch_ref.bounds.ball import LIBM as LIBM
from torch_ref.bounds.ball import Ball as Ball
from torch_ref.bounds.ball import monotone as monotone
from torch_ref.bounds.ball import turning as turning
from torch_ref.bounds.choices import greatest as greatest
from torch_ref.bounds.choices import is_above as is_above
from torch_ref.bounds.choices import is_greatest as is_greatest
from torch_ref.bounds.choices import maximum as maximum
from torch_ref.bounds.choices import relu as relu
from torch_ref.bounds.choices import selected as selected
from torch_ref.bounds.format import Format as Format
from torch_ref.bounds.format import format_of as format_of
from torch_ref.bounds.functions import exp as exp
from torch_ref.bounds.functions import expm1 as expm1
from torch_ref.bounds.functions import gelu as gelu
from torch_ref.bounds.functions import log as log
from torch_ref.bounds.functions import log1p as log1p
from torch_ref.bounds.functions import sigmoid as sigmoid
from torch_ref.bounds.functions import silu as silu
from torch_ref.bounds.functions import softplus as softplus
from torch_ref.bounds.functions import sqrt as sqrt
from torch_ref.bounds.functions import tanh as tanh
