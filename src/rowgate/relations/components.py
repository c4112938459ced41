"""Strongly connected components of a graph, dependencies first, without recursion in Python."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

__all__ = ["components"]

T = TypeVar("T", bound=Hashable)


def components(roots: Iterable[T], needs: Callable[[T], Iterable[T]]) -> list[tuple[T, ...]]:
    """The strongly connected components that the roots reach, each after all those it needs.

    Tarjan's algorithm (Depth-first search and linear graph algorithms, 1972) with a stack of its own: chains of
    relationships may be longer than Python's stack.

    Args:
        roots: where to begin.
        needs: what a node depends on.
    """
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    open_nodes: list[T] = []
    is_open: set[T] = set()
    found: list[tuple[T, ...]] = []
    for root in roots:
        if root in index:
            continue
        work: list[tuple[T, Iterator[T]]] = [(root, iter(needs(root)))]
        index[root] = low[root] = len(index)
        open_nodes.append(root)
        is_open.add(root)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    open_nodes.append(other)
                    is_open.add(other)
                    work.append((other, iter(needs(other))))
                    break
                if other in is_open:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = len(open_nodes) - 1
                    while open_nodes[cut] != node:
                        cut -= 1
                    members = tuple(open_nodes[cut:])
                    del open_nodes[cut:]
                    is_open.difference_update(members)
                    found.append(members)
    return found
