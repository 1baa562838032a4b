"""The curves of a run: losses and scores at some of its steps, over all of them."""

from dataclasses import dataclass, field

__all__ = ["Curve", "Point"]

_MOST = 600

Point = tuple[float, ...]
"""Step, epoch, train loss, test loss, train score, test score."""


@dataclass
class Curve:
    """Points of the curves; where they become many, every other is left out.

    Parameters
    ----------
    stride : epochs between two points
    """

    points: list[Point] = field(default_factory=list)
    stride: int = 1

    def add(self, point: Point) -> None:
        """Add a point; it replaces the one of the same step."""
        self.points = self.up_to(point)
        if len(self.points) > _MOST:
            self.points = self.points[::2]
            self.stride *= 2

    def up_to(self, point: Point) -> list[Point]:
        """The points, and this one behind them."""
        earlier = self.points[:-1] if self.points and self.points[-1][0] == point[0] else self.points
        return [*earlier, point]

    def forget_after(self, step: int) -> None:
        """Leave out the points of later steps."""
        self.points = [point for point in self.points if point[0] <= step]
