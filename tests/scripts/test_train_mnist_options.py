"""The options of scripts/train_mnist.py: nonsense is refused in one line, and the help teaches."""

import argparse
from pathlib import Path

import pytest
import train_mnist
from training.options import resolved
from training_runs import one_line, run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--iterations", "0"], "argument --iterations: must be an integer of 1 or more, got '0'"),
        (["--batch-size", "ten"], "argument --batch-size: must be an integer of 1 or more, got 'ten'"),
        (["--hidden", "-5"], "argument --hidden: must be an integer of 1 or more, got '-5'"),
        (["--lr", "nan"], "argument --lr: must be a number of 0 or more, got 'nan'"),
        (["--lr", "fast"], "argument --lr: must be a number of 0 or more, got 'fast'"),
        (["--std", "-1"], "argument --std: must be a number of 0 or more, got '-1'"),
        (["--seed", "-1"], "argument --seed: must be an integer of 0 or more, got '-1'"),
        (["--threads", "0"], "argument --threads: must be an integer from 1 to "),
        (["--threads", "100000"], "got '100000'"),
        (["--dtype", "float16"], "argument --dtype: invalid choice: 'float16'"),
        (["--iter", "5"], "unrecognized arguments: --iter 5"),
        (["--iterations", "5", "--epochs", "2"], "argument --epochs: not allowed with argument --iterations"),
        (["--epochs", "0"], "argument --epochs: must be an integer of 1 or more, got '0'"),
        (["--verify-every", "-1"], "argument --verify-every: must be an integer of 0 or more, got '-1'"),
    ],
)
def test_nonsense_is_refused_in_one_clear_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(*arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]


def test_help_names_every_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run("--help")
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    for default in (
        "10000",
        "0",
        "1",
        "100",
        "50; with mlp 100 100 100",
        "two-layer",
        "sgd",
        "relu",
        "0.1 for sgd, 0.01 for momentum, 0.01 for adagrad, 0.001 for rmsprop, 0.001 for adam, 0.001 for adamw",
        "float32",
        "600; with --epochs an epoch",
        "rows alone",
        "results",
    ):
        assert f"(default: {default})" in text
    assert "example: python scripts/train_mnist.py" in text
    assert "None" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dropout", "0.3"], "--dropout is for --network mlp, got it with two-layer"),
        (["--batch-norm"], "--batch-norm is for --network mlp, got it with two-layer"),
        (["--activation", "tanh"], "--activation is for --network mlp, got it with two-layer"),
        (["--init", "he"], "--init is for --network mlp, got it with two-layer"),
        (["--momentum", "0.5"], "--momentum is for --optimizer momentum, got it with sgd"),
        (["--nesterov", "--optimizer", "adam"], "--nesterov is for --optimizer momentum, got it with adam"),
        (
            ["--weight-decay", "0.1", "--optimizer", "adam"],
            "--weight-decay is for --optimizer sgd or momentum or adamw, got it with adam",
        ),
        (["--hidden", "5", "4"], "--hidden takes one number for --network two-layer, got 2"),
        (["--network", "mlp", "--std", "0.1", "--init", "he"], "--init and --std both say how weights are drawn"),
        (["--network", "mlp", "--dropout", "2"], "MultiLayerNet: dropout must be from 0 to 1, got 2.0"),
    ],
)
def test_an_option_that_does_not_fit_is_one_line(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--out", tmp_path, *arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in one_line(captured.err)


def test_defaults_hang_on_network_and_optimizer() -> None:
    def chosen(*arguments: str) -> dict[str, object]:
        return vars(resolved(train_mnist.parse(arguments)))

    assert {"hidden": [50], "std": 0.01, "lr": 0.1, "weight_decay": 0.0, "dropout": None}.items() <= chosen().items()
    deep = chosen("--network", "mlp", "--optimizer", "adamw")
    assert {
        "hidden": [100, 100, 100],
        "init": "he",
        "std": None,
        "activation": "relu",
        "batch_norm": False,
        "lr": 0.001,
        "weight_decay": 0.01,
        "momentum": None,
    }.items() <= deep.items()
    assert chosen("--network", "mlp", "--std", "0.5")["init"] is None
    assert vars(resolved(argparse.Namespace(**deep))) == deep
