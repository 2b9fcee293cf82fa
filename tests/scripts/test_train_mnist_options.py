"""The options of scripts/train_mnist.py: nonsense is refused in one line, and the help teaches."""

import pytest
from training_runs import run


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
        "50",
        "0.01",
        "0.1",
        "float32",
        "600; with --epochs an epoch",
        "rows alone",
        "results",
    ):
        assert f"(default: {default})" in text
    assert "example: python scripts/train_mnist.py" in text
    assert "None" not in text
