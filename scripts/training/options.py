"""Which network and which optimizer train_mnist.py is asked for: the options, their defaults, and which fits which."""

import argparse

from torch_ref import command_line

HIDDEN = {"two-layer": [50], "mlp": [100, 100, 100]}
LEARNING_RATES = {"sgd": 0.1, "momentum": 0.01, "adagrad": 0.01, "rmsprop": 0.001, "adam": 0.001, "adamw": 0.001}
ACTIVATIONS = ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "silu", "gelu", "softplus")

# Of an option that not all take: the option that it hangs on, for which of its values it is, and its default there.
FITS: dict[str, tuple[str, dict[str, object]]] = {
    "activation": ("network", {"mlp": "relu"}),
    "batch_norm": ("network", {"mlp": False}),
    "dropout": ("network", {"mlp": 0.0}),
    "init": ("network", {"mlp": "he"}),
    "momentum": ("optimizer", {"momentum": 0.9}),
    "nesterov": ("optimizer", {"momentum": False}),
    "weight_decay": ("optimizer", {"sgd": 0.0, "momentum": 0.0, "adamw": 0.01}),
}


def add_options(parser: argparse.ArgumentParser) -> None:
    count, real = command_line.integer(1), command_line.non_negative
    network, optimizer = parser.add_argument_group("the network"), parser.add_argument_group("the optimizer")
    network.add_argument(
        "--network", choices=HIDDEN, default="two-layer", help="the book's of chapter 5, or one of any depth"
    )
    network.add_argument(
        "--hidden",
        type=count,
        nargs="+",
        metavar="N",
        help="units of the hidden layer, or of each (default: 50; with mlp 100 100 100)",
    )
    network.add_argument(
        "--std", type=real, metavar="X", help="standard deviation of the first weights (default: 0.01)"
    )
    network.add_argument("--init", choices=["he", "xavier"], help="of mlp, instead of --std (default: he)")
    network.add_argument("--activation", choices=ACTIVATIONS, help="of mlp (default: relu)")
    network.add_argument("--batch-norm", action="store_true", default=None, help="of mlp: before each activation")
    network.add_argument("--dropout", type=real, metavar="P", help="of mlp: the share of units that is dropped")
    optimizer.add_argument("--optimizer", choices=LEARNING_RATES, default="sgd", help="both frameworks' own")
    rates = ", ".join(f"{rate} for {name}" for name, rate in LEARNING_RATES.items())
    optimizer.add_argument("--lr", type=real, metavar="X", help=f"learning rate (default: {rates})")
    optimizer.add_argument("--momentum", type=real, metavar="X", help="of momentum (default: 0.9)")
    optimizer.add_argument("--nesterov", action="store_true", default=None, help="of momentum: Nesterov's form")
    optimizer.add_argument(
        "--weight-decay", type=real, metavar="X", help="of sgd, momentum and adamw (default: 0; of adamw 0.01)"
    )


def resolved(options: argparse.Namespace) -> argparse.Namespace:
    """The options with their defaults, which hang on each other. Raises ValueError for one that does not fit."""
    found = argparse.Namespace(**vars(options))
    for name, (by, defaults) in FITS.items():
        given, chosen = getattr(options, name), getattr(options, by)
        if given is None:
            setattr(found, name, defaults.get(chosen))
        elif chosen not in defaults:
            fitting = " or ".join(defaults)
            raise ValueError(f"--{name.replace('_', '-')} is for --{by} {fitting}, got it with {chosen}")
    if options.init is not None and options.std is not None:
        raise ValueError("--init and --std both say how weights are drawn: give one of them")
    found.hidden = options.hidden or HIDDEN[options.network]
    if options.network == "two-layer":
        found.std = 0.01 if options.std is None else options.std
        if len(found.hidden) != 1:
            raise ValueError(f"--hidden takes one number for --network two-layer, got {len(found.hidden)}")
    elif options.std is not None:
        found.init = None
    found.lr = LEARNING_RATES[options.optimizer] if options.lr is None else options.lr
    return found
