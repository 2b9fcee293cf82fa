"""python -m torch_ref is check-layer."""

from torch_ref.your_layer.command.options import main

raise SystemExit(main(called="python -m torch_ref"))
