"""Slips in BatchNorm's running statistics, and between training and evaluation."""

from abc import abstractmethod
from typing import Any

from numpy_impl import BatchNorm
from numpy_impl.layers.normalization import all_but_channels, mean
from numpy_impl.validation import Array
from torch_ref.slip import slip

BATCH, EVALUATED = "batch_norm", "batch_norm_in_evaluation"


class AnotherKeep(BatchNorm):
    """The running statistics by what `moved` returns."""

    def _keep(self, cache: Any) -> None:
        x_hat, _, (mu, variance) = cache
        n = x_hat.size // len(self.gamma)
        self.running_mean, self.running_var = self.moved(mu, variance, n / (n - 1))

    @abstractmethod
    def moved(self, mu: Array, variance: Array, unbiased: float) -> tuple[Array, Array]:
        """In the place of the right one."""


@slip(BATCH, cause="it is kept with the variance divided by n, where it must be n - 1")
class BiasedRunningVariance(AnotherKeep):
    """The biased variance goes into the running one."""

    def moved(self, mu: Array, variance: Array, _unbiased: float) -> tuple[Array, Array]:
        return 0.9 * self.running_mean + 0.1 * mu, 0.9 * self.running_var + 0.1 * variance


@slip(BATCH, cause="momentum weighs the old value, where it must weigh the new one")
class MomentumOfTheOld(AnotherKeep):
    """momentum weighs the old statistics."""

    def moved(self, mu: Array, variance: Array, unbiased: float) -> tuple[Array, Array]:
        return 0.1 * self.running_mean + 0.9 * mu, 0.1 * self.running_var + 0.9 * unbiased * variance


@slip(BATCH, cause="it is that of the batch alone, where it must be moved towards it")
class StatisticsOfTheLastBatch(AnotherKeep):
    """The running statistics are those of the last batch."""

    def moved(self, mu: Array, variance: Array, unbiased: float) -> tuple[Array, Array]:
        return mu, unbiased * variance


@slip(BATCH, cause="it stays as it was")
class NeverMoves(BatchNorm):
    """The running statistics stay as they are."""

    def _keep(self, cache: Any) -> None: ...


@slip(BATCH, cause="the running statistics are used in training")
class RunningStatisticsInTraining(BatchNorm):
    """The running statistics normalize in training too."""

    def _forward(self, x: Array) -> Any:
        _, (_, _, of_batch) = super()._forward(x)
        self.training = False
        y, (x_hat, r, _) = super()._forward(x)
        self.training = True
        return y, (x_hat, r, of_batch)


@slip(EVALUATED, cause="the statistics of the batch are used in evaluation")
class StatisticsOfTheBatchInEvaluation(BatchNorm):
    """The statistics of the batch normalize in evaluation too."""

    def _forward(self, x: Array) -> Any:
        self.training = True
        y, cache = super()._forward(x)
        self.training = False
        return y, (*cache[:2], None)


@slip(EVALUATED, cause="the derivative is that of training")
class DxOfTrainingInEvaluation(BatchNorm):
    """dx is that of training, though the statistics are constants."""

    def _backward(self, dout: Array, cache: Any) -> Any:
        return super()._backward(dout, (*cache[:2], ()))


@slip(EVALUATED, cause="it is moved in evaluation, where it must stay as it was")
class MovesInEvaluation(BatchNorm):
    """The running statistics are moved in evaluation too."""

    def _forward(self, x: Array) -> Any:
        y, (x_hat, r, _) = super()._forward(x)
        axes = all_but_channels(x.ndim)
        mu = mean(x, axes)
        self._moving = mu.reshape(-1), mean((x - mu) ** 2, axes).reshape(-1)
        return y, (x_hat, r, None)

    def _keep(self, cache: Any) -> None:
        mu, variance = self._moving
        n = cache[0].size // len(self.gamma)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mu
        self.running_var = 0.9 * self.running_var + 0.1 * variance * (n / max(n - 1, 1))
