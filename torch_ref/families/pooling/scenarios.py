"""Images for poolings: their windows overlap, lie in the padding, have their maximum twice."""

from torch_ref.families.convolution.scenarios import images
from torch_ref.scenarios import decades, equal, few_integers, large_integers, normal, signs, tiny

POOLINGS = (
    images("ordinary", "H and W differ, and so does a window's", 2, (2, 4, 6), True, size=(2, 3)),
    images("odd-batch", "another size of batch and image", 3, (3, 5, 7), True, size=(2, 3)),
    images("one-sample", "what confuses N with 1, or squeezes an axis away", 1, (3, 5, 4), True),
    images("square", "sizes all alike: a missing transpose keeps the shape", 2, (2, 4, 4)),
    images("remainder", "rows and columns left over", 2, (2, 5, 3)),
    images("overlap", "stride below the size: a place in several windows", 2, (2, 5, 4), size=3, stride=1),
    images("gaps", "windows apart: pixels in none", 2, (2, 5, 4), size=(2, 1), stride=3),
    images(
        "pairs", "size, stride and padding that differ along rows and columns", 2, (2, 6, 4), size=(3, 2),
        stride=(2, 1), padding=(1, 0),
    ),
    images("padding", "windows that reach beyond the image", 2, (2, 5, 4), size=3, stride=2, padding=1),
    images(
        "padded-negatives", "padding with 0 would be the maximum", 2, (2, 4, 3), True, size=(2, 3), padding=1,
        draw=normal(0.5, -4),
    ),
    images("one-by-one", "windows of one entry", 2, (2, 3, 2), size=1),
    images("whole-image", "a window as large as the image", 3, (2, 3, 4), size=(3, 4)),
    images("one-pixel", "an image of one pixel, and padding around it", 3, (2, 1, 1), size=3, padding=1),
    images("ties", "several maxima in a window", 3, (2, 4, 4), True, draw=few_integers),
    images(
        "overlapping-ties", "several maxima, and a place in several windows", 2, (2, 5, 4), size=3, stride=(1, 2),
        padding=1, draw=few_integers,
    ),
    images("equal", "all entries alike", 2, (2, 4, 4), True, draw=equal, size=(3, 2), stride=1, padding=(1, 0)),
    images(
        "decades", "eight orders of magnitude: any one absolute tolerance is wrong", 2, (2, 4, 5), True, draw=decades,
        dout=decades, size=(2, 3), stride=1, is_extreme=True,
    ),
    images("huge", "pixels of ±1e4", 2, (2, 4, 4), True, draw=signs, is_extreme=True),
    images("tiny", "sums and shares that underflow", 2, (2, 4, 4), True, draw=tiny, dout=tiny, is_extreme=True),
    images(
        "integers", "no sum rounds", 2, (2, 4, 5), True, draw=large_integers, dout=large_integers, size=2,
        stride=(1, 2), is_extreme=True,
    ),
    images("small-gradients", "less than any absolute tolerance", 2, (2, 4, 5), True, dout=normal(1e-12), stride=1),
)  # fmt: skip
