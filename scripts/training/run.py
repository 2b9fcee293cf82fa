"""The work of train_mnist.py: both networks over the same batches, what is printed, and what is kept."""

import argparse
import contextlib
import math
import time
import webbrowser
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from parts.folders import alone_in, remove
from parts.interrupt import Interrupt
from parts.output import Output, on_terminal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from numpy_impl.validation import Array
from torch_ref import SideBySide, command_line
from torch_ref.threads import threads
from training import checkpoint, result_files
from training.batches import Batches, batches_of_an_epoch
from training.evaluation import accuracies, scaled
from training.furthest import furthest, reason
from training.history import HEADER, HistoryFile, Record
from training.proof import Proof, Update, prove, violation_file
from training.saved import Saved, restore, saved
from training.settings import Data, check_resumed, data_for, fingerprint, network, optimizer, settings_of, versions
from training.step_time import StepTime, step_time
from training.tally import Tally

OTHER_DTYPE = {"float32": "float64", "float64": "float32"}
VIOLATION = "violation.safetensors"


def train(options: argparse.Namespace, parse_again: Callable[[argparse.Namespace], argparse.Namespace]) -> int:
    """`parse_again` reads the command line once more over the settings of a checkpoint, to resume it."""
    saved: tuple[dict[str, Array], dict[str, Any]] | None = None
    with contextlib.ExitStack() as held:
        if options.resume:
            if options.out.is_dir():  # held before the checkpoint is read, which another run may be writing
                held.enter_context(alone_in(options.out))
            saved = checkpoint.read(options.out)
            with checkpoint.of_this_version(options.out):
                options = check_resumed(saved[1], parse_again)
        training = Training(options, data_for(options))
        written = [*result_files.names(options), training.history.growing.name, checkpoint.NAME, VIOLATION]
        command_line.make_folder(options.out, written)
        if saved is None:
            held.enter_context(alone_in(options.out))
            training.start()
        else:
            with checkpoint.of_this_version(options.out):
                training.resume(*saved)
        with threads(options.threads):
            return training.run()


class Training:
    """Both sides, the batches, and where they stand: after so many iterations, that is updates."""

    def __init__(self, options: argparse.Namespace, data: Data) -> None:
        self.options, self.data = options, data
        rng = np.random.default_rng(options.seed)
        self.sides = SideBySide(network(options, options.dtype, rng), optimizer=optimizer(options))
        self.others: SideBySide | None = None
        if options.compare_dtypes:
            other = network(options, OTHER_DTYPE[options.dtype], np.random.default_rng(options.seed))
            self.others = SideBySide(other, optimizer=optimizer(options))
        images = len(data[0][0])
        self.batches = Batches(rng, images, options.batch_size, shuffled=options.epochs is not None)
        an_epoch = batches_of_an_epoch(images, options.batch_size)
        epochs = options.epochs is not None
        self.iterations = options.epochs * an_epoch if epochs else options.iterations
        self.every = options.every or (an_epoch if epochs else 600)
        self.history = HistoryFile(options.out)
        self.tally = Tally()
        self.iteration = 0
        self.fingerprint = fingerprint(data)
        self.started = time.perf_counter()
        self.output = Output(quiet=options.quiet)

    @property
    def all_sides(self) -> dict[str, SideBySide]:
        return {"main": self.sides} | ({"other": self.others} if self.others else {})

    def start(self) -> None:
        """Afresh: an older checkpoint goes first, for it would not fit the history that begins here."""
        remove(self.options.out, [checkpoint.NAME, VIOLATION])
        self.history.start()

    def resume(self, arrays: dict[str, Array], state: dict[str, Any]) -> None:
        checkpoint.check_like(self.state, state)
        if state["data"] != self.fingerprint:
            folder = self.options.data_dir or "this package"
            raise ValueError(f"--resume: the images must be those of the checkpoint, got those of {folder}")
        for name, sides in self.all_sides.items():
            own = {key.removeprefix(f"{name}."): value for key, value in arrays.items() if key.startswith(f"{name}.")}
            restore(sides, own, state["layers"][name])
        self.batches.restore(state["batches"])
        self.tally = Tally.of(state["tally"])
        self.started -= self.tally.seconds
        self.iteration = state["iteration"]
        self.history.resume(*state["history"])
        if (self.options.out / VIOLATION).exists():
            words = (
                f"{VIOLATION} is removed; if the fault came in mid-run, the weights were trained with it: start anew"
            )
            command_line.note(words)
        remove(self.options.out, [VIOLATION])
        if state["versions"] != versions():
            command_line.note("the checkpoint was made by other versions; the last bits may differ from now on")

    def save_checkpoint(self) -> None:
        self.history.flush()
        self.tally.seconds = time.perf_counter() - self.started
        arrays = {f"{name}.{key}": a for name, sides in self.all_sides.items() for key, a in saved(sides)[0].items()}
        command_line.write_files(self.options.out, {checkpoint.NAME: checkpoint.to_bytes(arrays, self.state)})

    @property
    def state(self) -> dict[str, Any]:
        """All but the arrays that a checkpoint holds."""
        return {
            "settings": settings_of(self.options),
            "data": self.fingerprint,
            "versions": versions(),
            "iteration": self.iteration,
            "batches": self.batches.state,
            "tally": self.tally.state,
            "layers": {name: saved(sides)[1] for name, sides in self.all_sides.items()},
            "history": self.history.mark,
        }

    def run(self) -> int:
        """The exit status of the training, which is saved unless an error ends it; then the last checkpoint is left."""
        with Interrupt() as interrupt:
            records = self.follow(lambda: interrupt.signal != 0 or self.output.reader_has_gone)
            [(end, proof)] = deque(records, maxlen=1)  # the last alone
            interrupt.hold_off()
            self.conclude(end, proof)
        return self.status(end, proof, interrupt.signal)

    def follow(self, stop: Callable[[], bool]) -> Iterator[tuple[Record, Proof | None]]:
        """The records as they are made: kept, and the rows printed; on a terminal a bar below them moves along."""
        self.output.say(HEADER)
        columns = TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        quiet = self.options.quiet or not on_terminal()
        with Progress(*columns, transient=True, disable=quiet) as progress:
            bar = progress.add_task("training", total=self.iterations, completed=self.iteration)
            for record, proof in self.records(stop):
                progress.update(bar, completed=record.iteration)
                self.history.append(record)
                if jump := self.tally.add(record):
                    self.output.say(jump.line(self.sides.units))
                if record.is_row:
                    self.output.say(record.row(proof.word if proof else "–"))
                yield record, proof

    def records(self, stop: Callable[[], bool]) -> Iterator[tuple[Record, Proof | None]]:
        """A record before each update, and one at the end: after the last update, when told to stop, or at a violation.

        It also ends after an update that started from a loss of NaN or infinity. A checkpoint comes before each row.
        """
        labels, dtype = self.data[0][1], self.options.dtype
        while True:
            last = self.iteration >= self.iterations or stop()
            row = last or self.iteration % self.every == 0
            if row:
                self.save_checkpoint()
            batch = self.batches.next()
            x, t = self.batch_in(batch, dtype), labels[batch]
            before = saved(self.sides) if self.is_verified(row) else None
            proof = prove(self.sides, x, t) if before else None
            end = last or bool(proof and proof.violation)
            update = Update(self.sides, x, t) if proof and not end else None
            drift, other_drift = self.sides.drift(), self.others.drift() if self.others else None
            shares = [share for split in self.data for share in accuracies(self.sides, *split, dtype)] if row else []
            step = self.sides.look(x, t) if end else self.sides.step(x, t)
            if self.others and not end:
                self.others.step(self.batch_in(batch, OTHER_DTYPE[dtype]), t)
            if proof and update:
                proof = update.added_to(proof, self.sides)
            if proof:
                self.tally.prove(proof)
            if before and proof and proof.violation:
                self.keep_violation(before, x, t)
            used = proof.radius_used if proof else None
            yield Record(self.iteration, *step[:2], drift, step.relus_apart, other_drift, used, *shares), proof
            if end or (proof and proof.violation) or not math.isfinite(step.numpy_loss + step.torch_loss):
                return
            self.iteration += 1

    def is_verified(self, row: bool) -> bool:
        every = self.options.verify_every
        return row if every is None else every > 0 and (row or self.iteration % every == 0)

    def batch_in(self, batch: Array, dtype: str) -> Array:
        return scaled(self.data[0][0].take(batch, axis=0), dtype)

    def keep_violation(self, before: Saved, x: Array, t: Array) -> None:
        origin = {"iteration": self.iteration, **settings_of(self.options)}
        command_line.write_files(self.options.out, {VIOLATION: violation_file(before, x, t, origin)})

    def conclude(self, end: Record, proof: Proof | None) -> None:
        """Writes the results and says what they are."""
        step = self.step_time() if end.iteration == self.iterations and not (proof and proof.violation) else None
        written = result_files.write(self, end, step)
        self.output.say(f"\nresults in {self.options.out}: {', '.join(written)}")
        if not math.isfinite(end.numpy_loss + end.torch_loss):
            return
        ours, theirs = end.numpy_test_accuracy, end.torch_test_accuracy
        if ours is not None and theirs is not None:
            gap = 100 * abs(ours - theirs)
            self.output.say(f"test accuracy: NumPy {ours:.4f}, PyTorch {theirs:.4f}, {gap:.2f} percentage points apart")
        most = furthest(self.sides)
        for line in self.tally.lines(end, most, self.sides.units):
            self.output.say(line)
        if why := reason(self.sides, most):
            self.output.say(why)
        if step:
            self.output.say(step.line(self.options.threads))
        if self.options.show:
            for name in written:
                if name.endswith(".png") and not webbrowser.open((self.options.out / name).resolve().as_uri()):
                    command_line.note(f"--show: found nothing to open {self.options.out / name} with")

    def step_time(self) -> StepTime:
        batch = np.arange(self.options.batch_size) % len(self.data[0][0])
        net = network(self.options, self.options.dtype, np.random.default_rng(self.options.seed))
        return step_time(
            net, lambda: optimizer(self.options), self.batch_in(batch, self.options.dtype), self.data[0][1][batch]
        )

    def status(self, end: Record, proof: Proof | None, signal: int) -> int:
        if proof and proof.violation:
            replay = f"python scripts/replay.py {self.options.out / VIOLATION}"
            return command_line.fail(f"iteration {end.iteration}: {proof.violation}; to run it again: {replay}", 1)
        if not math.isfinite(end.numpy_loss + end.torch_loss):
            losses = f"NumPy's loss is {end.numpy_loss}, PyTorch's {end.torch_loss}"
            words = f"diverged at iteration {end.iteration}: {losses}; try a smaller --lr or --std"
            return command_line.fail(words, status=1)
        if self.output.reader_has_gone:
            raise BrokenPipeError
        if self.output.lost:
            words = f"standard output: {self.output.lost}; the training went on, its results are in {self.options.out}"
            return command_line.fail(words, 1)
        if end.iteration < self.iterations:
            words = f"interrupted after {end.iteration} iterations; the results are those so far, --resume goes on"
            return command_line.fail(words, 128 + signal)
        return 0
