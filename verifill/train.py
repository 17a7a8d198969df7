"""``verifill train``: make a completion model of your own."""

from __future__ import annotations

from models.training.config import Recipe
from models.training.errors import TrainingError
from models.training.recipe import follow
from verifill.errors import INTERRUPTED, Failure
from verifill.terminal import screen


def run(recipe: Recipe) -> None:
    """Follow the recipe to its end, or to an interruption after which the same command goes on.

    Raises:
        Failure: The recipe cannot be followed, or was interrupted.
    """
    console, _ = screen()
    try:
        model = follow(recipe, console)
    except TrainingError as error:
        raise Failure(str(error)) from error
    if model is None:
        raise Failure("stopped, nothing is lost; the same command goes on", INTERRUPTED)
    console.print(f"\nThe model is in {model}.\nTry it:  [bold]verifill complete FILE:LINE --model {model}[/]")
