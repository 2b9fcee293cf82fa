"""Checks a layer of your own: right or wrong, where, and probably why.

A layer is a class with forward(x) and backward(dout), which returns dx and leaves the gradients in dW, db or in a dict
or list `grads`; or two functions, NAME_forward and NAME_backward. A loss has forward(x, t), or is a function that
returns loss and dx; a network has loss(x, t), and gradient(x, t), which returns a dict. Arrays are NumPy's.

It is compared with a PyTorch module that is given the same parameters, on data sets that each show another slip: to
within proven rounding bounds with Linear, ReLU, LeakyReLU, Sigmoid, Tanh, CrossEntropyLoss and TwoLayerNet, to within
measured bounds with any other module of torch.nn or a module of your own. It runs in a process of its own. Where a
known slip explains every wrong number, the report says which; it never guesses.

The verdict is about values: what is right but fragile is advice, another choice than PyTorch's a convention.

Exit status: 0 right, 1 wrong or inaccurate (also: it raises, hangs), 2 could not be run.
"""

import argparse
import ast
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torch_ref import command_line

EXAMPLE = """{called} my_layers.py:MyAffine --like Linear --in 8 --out 5
         {called} my_layers.py:MyConv --like twins.py:conv --shape 3,8,8 --html report.html
         {called} hw2.ipynb:affine --like Linear --json -

The constructor's arguments are told by their names. W, weight, b, bias, gamma, ... are arrays, in_features, n_in,
input_size, hidden_size, out_features, ... are sizes; others keep their defaults, or want --init. So it is with a twin's
callable. Parameters are the attributes that are arrays, or those in a dict `params`. They are matched with PyTorch's by
name, by shape, transposed where only that fits, or as --map says. --init, --map, --skip and --only may be repeated."""


def main(argv: Sequence[str] | None = None, called: str = "check-layer") -> int:
    """`called` is how a shell calls the command, for what is printed to be copied."""
    argv = sys.argv[1:] if argv is None else argv
    return command_line.run(partial(work, argv, called), parse(argv, called))


def work(argv: Sequence[str], called: str, options: argparse.Namespace) -> int:
    from torch_ref.your_layer.command.outer import examine_apart

    return examine_apart(options, argv, called)


def parse(argv: Sequence[str], called: str) -> argparse.Namespace:
    parser = command_line.parser(__doc__, EXAMPLE.format(called=called))
    size = command_line.integer(1)
    of_size: Any = {"type": size, "metavar": "N"}
    many: Any = {"action": "append", "default": []}

    option = parser.add_argument
    twins = "Linear, ReLU, LeakyReLU, Sigmoid, Tanh, CrossEntropyLoss, TwoLayerNet"
    twins += ', another module of torch.nn, also as "Softmax(dim=1)", a function of torch.nn.functional, or'
    twins += " FILE.py:CALLABLE, which makes a module or is a function of tensors"
    option(
        "target",
        metavar="FILE:NAME",
        help="what to check, a class, a function, NAME of NAME_forward and NAME_backward, or f,g;"
        " FILE is .py or .ipynb, and package.module:NAME also does",
    )
    option("--like", required=True, metavar="TWIN", help=f"the twin that it ought to equal: {twins}")
    option("--in", dest="inputs", **of_size, help="features; needed only where the class has but one size")
    option("--hidden", **of_size, help="units of a network's hidden layer")
    option("--out", dest="outputs", **of_size, help="outputs or classes")
    option("--shape", type=shape, default=(), metavar="C,H,W", help="of one sample, where x is not (N, D)")
    option("--targets", choices=["labels", "one-hot", "rows", "values"], help="the form of t, for a loss")
    option("--init", type=assignment, **many, metavar="NAME=VALUE", help="of the constructor: --init eps=1e-5")
    option("--map", type=pair_of_names, **many, metavar="MINE=THEIRS", help="as W=weight.T, where .T is a transpose")
    option("--leading-axes", action="store_true", help="x may have any number of leading axes, as in nn.Linear")
    option("--dtype", choices=["float64", "float32", "both"], default="both", help="of data and parameters")
    option("--seed", type=command_line.integer(0), default=0, metavar="N", help="of the data")
    option("--only", **many, metavar="CHECK", help="a check to run, by the name that the report gives it, and no other")
    option("--skip", **many, metavar="CHECK", help="a check to leave out")
    option(
        "--timeout",
        type=command_line.non_negative,
        default=30.0,
        metavar="SECONDS",
        help="for a single check; 0 for no limit",
    )
    option("--strict", action="store_true", help="advice counts: the layer must be as robust as those of this package")
    option("--html", type=Path, metavar="FILE", help="also writes the report as a page, with heat maps")
    option("--json", type=Path, metavar="FILE", help="also writes the report as JSON; - is the standard output, alone")
    return parser.parse_args(argv)


def shape(text: str) -> tuple[int, ...]:
    """An argument type: 3,8,8."""
    size = command_line.integer(1)
    return tuple(size(part) for part in text.split(","))


def assignment(text: str) -> tuple[str, Any]:
    """An argument type: a name and a Python literal."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), ast.literal_eval(value.strip())
    except (ValueError, SyntaxError):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE with a Python literal, got {text!r}") from None


def pair_of_names(text: str) -> tuple[str, str]:
    """An argument type: two names."""
    mine, _, theirs = (part.strip() for part in text.partition("="))
    if not (mine and theirs):
        raise argparse.ArgumentTypeError(f"must be MINE=THEIRS, got {text!r}")
    return mine, theirs
