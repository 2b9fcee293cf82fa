"""The work of benchmark.py: the rounds, the tables, and the picture."""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from parts.output import on_terminal
from rich.progress import track
from training.settings import versions

from numpy_impl import TwoLayerNet, load_mnist
from numpy_impl.validation import Array
from timing import deep
from timing.contenders import Size, Step, contenders, sgd_step
from torch_ref import command_line, twin
from torch_ref.threads import count_of_threads, threads

Times: TypeAlias = dict[str, Array]  # of each contender the µs of a step, in each round

FIRST = 50, 100
HIDDEN = [50, 128, 512, 1024, 4096]
BATCHES = [32, 100, 320, 1000]
DTYPES = ["float32", "float64"]
ROUND = 0.02  # seconds of one contender, or a single step
FILES = ["benchmark.json", "benchmark.png"]


def benchmark(options: argparse.Namespace) -> int:
    (images, labels), _ = load_mnist(normalize=False, data_dir=options.data_dir)
    if not len(images):
        raise ValueError(f"{options.data_dir} must hold at least one training image, got none")
    if options.network == "mlp":
        return benchmark_deep(options, images, labels)
    command_line.make_folder(options.out, FILES if options.plots else FILES[:1])
    with threads(options.threads):
        first = {}
        for dtype in DTYPES:
            size = Size(*FIRST, dtype)
            steps = contenders(size, images, labels)
            if not options.quick:
                add_compiled(steps, size, images, labels)
            first[size] = measure(steps, size, len(images), options.rounds)
            print_first(f"784-{size.hidden}-10, batch {size.batch}, {dtype}", first[size], options.threads)
        swept = {} if options.quick else sweep(images, labels, options.rounds)
        if swept:
            print_sweep(swept)
        print_gradients(images[:3], labels[:3])
    contents = {FILES[0]: numbers(options, first, swept)}
    if options.plots:
        from timing.figure import ratios

        contents[FILES[1]] = ratios({**first, **swept}, options.threads)
    command_line.write_files(options.out, contents)
    print(f"\nresults in {options.out}: {', '.join(contents)}")
    return 0


def benchmark_deep(options: argparse.Namespace, images: Array, labels: Array) -> int:
    """The deep network at one size; it has no picture."""
    command_line.make_folder(options.out, FILES[:1])
    measured, batch = {}, FIRST[1]
    what = f"784-{'-'.join(map(str, deep.HIDDEN))}-10, Adam, batch {batch}"
    what += ", batch-norm" * options.batch_norm + f", dropout {options.dropout}" * bool(options.dropout)
    with threads(options.threads):
        for dtype in DTYPES:
            size = Size(deep.HIDDEN[0], batch, dtype)
            steps = deep.contenders(options, dtype, batch, images, labels)
            measured[size] = measure(steps, size, len(images), options.rounds)
            print_first(f"{what}, {dtype}", measured[size], options.threads)
    command_line.write_files(options.out, {FILES[0]: numbers(options, measured)})
    print(f"results in {options.out}: {FILES[0]}")
    return 0


def add_compiled(steps: dict[str, Step], size: Size, images: Array, labels: Array) -> None:
    """Needs a C++ compiler, which a machine may lack."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compiled = sgd_step(size, images, labels, compiled=True, fused=True)
            compiled(np.arange(size.batch) % len(images))
    except Exception as error:  # noqa: BLE001 - whatever the compiler runs into
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        command_line.note(f"torch.compile cannot be timed here: {reason}")
        return
    steps["compile"] = compiled


def measure(steps: dict[str, Step], size: Size, images: int, rounds: int) -> Times:
    """In each round each contender takes the same few batches, and another one begins."""
    rng = np.random.default_rng(0)
    warm = rng.integers(0, images, size.batch)
    slowest = max(seconds(step, [warm, warm]) for step in steps.values())
    batches = list(rng.integers(0, images, (max(1, min(50, int(ROUND / slowest))), size.batch)))
    times: dict[str, list[float]] = {name: [] for name in steps}
    names = list(steps)
    for _ in range(rounds):
        for name in names:
            steps[name](batches[0])  # after another contender the caches hold that one's data
            times[name].append(1e6 * seconds(steps[name], batches))
        names = [*names[1:], names[0]]
    return {name: np.array(values) for name, values in times.items()}


def seconds(step: Step, batches: list[Array]) -> float:
    """Of a step, in the mean of these batches."""
    start = time.perf_counter()
    for batch in batches:
        step(batch)
    return (time.perf_counter() - start) / len(batches)


def sweep(images: Array, labels: Array, rounds: int) -> dict[Size, Times]:
    sizes = [Size(h, b, d) for d in DTYPES for h, b in sweep_sizes()]
    shown = track(sizes, "sizes", transient=True, disable=not on_terminal())
    return {s: measure(contenders(s, images, labels), s, len(images), rounds) for s in shown}


def sweep_sizes() -> list[tuple[int, int]]:
    hidden, batch = FIRST
    return [(h, batch) for h in HIDDEN] + [(hidden, b) for b in BATCHES if b != batch]


def ratio(times: Times, other: str) -> Array:
    """NumPy's time over that of another, round by round: its quartiles."""
    return np.percentile(times["NumPy"] / times[other], [25, 50, 75])


def spread(quartiles: Array, digits: int = 2) -> str:
    low, middle, high = quartiles
    return f"{middle:.{digits}f} [{low:.{digits}f} {high:.{digits}f}]"


def print_first(what: str, times: Times, number: int) -> None:
    rounds = f"{count_of_threads(number)}, {len(times['NumPy'])} round{'s' * (len(times['NumPy']) > 1)} in turn"
    print(f"{what}, {rounds}\n")
    print(f"{'':13}NumPy's time over it   µs of a step")
    for name, values in times.items():
        over = "" if name == "NumPy" else spread(ratio(times, name))
        print(f"{name:13}{over:>20}   {spread(np.percentile(values, [25, 50, 75]), 0):>13}")
    print(flush=True)


def print_sweep(swept: dict[Size, Times]) -> None:
    print("NumPy's time over         float32                                float64")
    print("hidden  batch   eager               floor               eager               floor")
    for hidden, batch in sweep_sizes():
        cells = [
            f"{spread(ratio(swept[Size(hidden, batch, dtype)], other)):19}"
            for dtype in DTYPES
            for other in ("eager", "floor")
        ]
        print(f"{hidden:6d}{batch:7d}   {' '.join(cells).rstrip()}")
    print(flush=True)


def print_gradients(images: Array, labels: Array) -> None:
    """The numerical gradients, each timed once."""
    net = TwoLayerNet(784, FIRST[0], 10, rng=0, dtype=np.float64)
    x, entries = images / 255, sum(p.size for p in net.params.values())
    print(f"the numerical gradient of all {entries:,} parameters on three images, float64, in seconds")

    _, ours = timed(lambda: net.numerical_gradient(x, labels))
    passed, theirs = timed(lambda: gradcheck(net, x, labels))
    print(f"Network.numerical_gradient   {ours:6.3f}   entry by entry")
    print(f"torch.autograd.gradcheck     {theirs:6.3f}   with its defaults: {'passed' if passed else 'failed'}")


def gradcheck(net: TwoLayerNet, x: Array, t: Array) -> bool:
    """Of the twin's loss as a function of its parameters."""
    module, inputs, targets = twin(net), torch.from_numpy(x), torch.from_numpy(t)
    names = [name for name, _ in module.named_parameters()]

    def loss(*params: torch.Tensor) -> Any:
        logits = torch.func.functional_call(module, dict(zip(names, params, strict=True)), (inputs,))
        return torch.nn.functional.cross_entropy(logits, targets)

    return bool(torch.autograd.gradcheck(loss, tuple(module.parameters()), raise_exception=False))


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def numbers(options: argparse.Namespace, *measured: dict[Size, Times]) -> bytes:
    sizes = [
        {**size._asdict(), "microseconds": {name: values.tolist() for name, values in times.items()}}
        for part in measured
        for size, times in part.items()
    ]
    content = {
        "network": options.network,
        "threads": options.threads,
        "rounds": options.rounds,
        "versions": versions(),
        "sizes": sizes,
    }
    return json.dumps(content, indent=1).encode()
