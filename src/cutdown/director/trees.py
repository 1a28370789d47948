"""Boosted regression trees read from a data file and evaluated with numpy alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cutdown.timebase import Frozen


class Tree(Frozen):
    """One tree; a node below 0 is the leaf ``-1 - node``."""

    trait: tuple[int, ...]
    """For each inner node, the trait that it asks for."""
    most: tuple[float, ...]
    """A sentence goes left where its trait is at most this."""
    left: tuple[int, ...]
    right: tuple[int, ...]
    leaf: tuple[float, ...]


class Trees(Frozen):
    """A sum of trees over named traits."""

    traits: tuple[str, ...]
    trees: tuple[Tree, ...]

    def sums(self, known: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """The sum of all trees for each sentence, added in the order of the file.

        Args:
            known: traits by name, each of shape (sentences,).
        """
        table = np.stack([known[name] for name in self.traits])
        total = np.zeros(table.shape[1])
        for tree in self.trees:
            total += _leaves(tree, table)
        return total


def _leaves(tree: Tree, table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The leaf that each sentence ends in."""
    count = table.shape[1]
    columns = np.arange(count)
    node = np.full(count, 0 if tree.trait else -1)
    trait, most = np.array(tree.trait, dtype=np.intp), np.array(tree.most)
    left, right = np.array(tree.left, dtype=np.intp), np.array(tree.right, dtype=np.intp)
    while (inner := node >= 0).any():
        at = node[inner]
        node[inner] = np.where(table[trait[at], columns[inner]] <= most[at], left[at], right[at])
    leaves: NDArray[np.float64] = np.array(tree.leaf)[-1 - node]
    return leaves
