"""Answers that are kept for whoever asks next, at most so many bytes of them together.

What an answer takes is measured, and measured again after it was used: a posterior grows with what
it is asked for. What was used longest ago goes first, whoever it belongs to.
"""

from __future__ import annotations

import itertools
import os
import sys
import weakref
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

MEGABYTES = 256
"""What all answers of a process may take, unless the variable SYNTH_ANSWERS_MB says otherwise."""
VARIABLE = "SYNTH_ANSWERS_MB"
_AGAIN = 4  # answers that are measured again when one is added
_LEAST = 4096  # bytes of an answer in which no large array was found
_LEAVES = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)


@dataclass
class _Entry:
    value: Any
    shared: Any
    size: int
    used: bool = True  # whoever put it goes on to ask it


class BoundedCache:
    """Values under keys, bounded in bytes; threads share it.

    Parameters
    ----------
    most : int
        Bytes of all values together; a larger value is not kept.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = Lock()
        self._entries: OrderedDict[tuple[int, Hashable], _Entry] = OrderedDict()
        self._owners = itertools.count()
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of all values, as last measured."""
        return self._size

    def __len__(self) -> int:
        return len(self._entries)

    def owner(self, of: object) -> int:
        """A number for the keys of an object; its values go when the object does.

        Parameters
        ----------
        of : object
            Who asks; held weakly.

        Returns
        -------
        int
            For `get` and `put`.
        """
        number = next(self._owners)
        weakref.finalize(of, self._forget, number).atexit = False
        return number

    def get(self, owner: int, key: Hashable) -> Any | None:
        """The value under a key, if it is still kept.

        Parameters
        ----------
        owner : int
            Whose it is.
        key : hashable
            What it was put under.

        Returns
        -------
        object or None
            None where it is gone.
        """
        with self._lock:
            entry = self._entries.get((owner, key))
            if entry is None:
                return None
            self._entries.move_to_end((owner, key))
            entry.used = True
            return entry.value

    def put(self, owner: int, key: Hashable, value: Any, *, shared: Any = None) -> None:
        """Keep a value; those that were used longest ago may have to go.

        Parameters
        ----------
        owner, key
            As in `get`.
        value : object
            What to keep; threads share it.
        shared : object
            What the value holds and others too: it is not counted.
        """
        grown = self._used()
        measured = [(place, size_of(e.value, leave_out=(e.shared,))) for place, e in grown]
        size = size_of(value, leave_out=(shared,))
        with self._lock:
            for place, now in measured:
                if place in self._entries:
                    self._resize(self._entries[place], now)
            if old := self._entries.pop((owner, key), None):
                self._size -= old.size
            self._entries[owner, key] = _Entry(value, shared, size)
            self._size += size
            while self._size > self.most and self._entries:
                _, gone = self._entries.popitem(last=False)
                self._size -= gone.size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._size = 0

    def _used(self) -> list[tuple[tuple[int, Hashable], _Entry]]:
        """Some of the entries that were used since they were measured."""
        with self._lock:
            used = [(place, e) for place, e in reversed(self._entries.items()) if e.used][:_AGAIN]
            for _, entry in used:
                entry.used = False
            return used

    def _resize(self, entry: _Entry, size: int) -> None:
        self._size += size - entry.size
        entry.size = size

    def _forget(self, owner: int) -> None:
        with self._lock:
            for place in [place for place in self._entries if place[0] == owner]:
                self._size -= self._entries.pop(place).size


def size_of(value: object, leave_out: Iterable[object] = ()) -> int:
    """Bytes of the arrays and texts that a value holds, each counted once.

    Parameters
    ----------
    value : object
        Anything; objects are followed through their attributes.
    leave_out : iterable of object
        What these hold is not counted.

    Returns
    -------
    int
        At least `_LEAST`.
    """
    seen: set[int] = set()
    for other in leave_out:
        _measure(other, seen)
    return max(_measure(value, seen), _LEAST)


def _measure(value: object, seen: set[int]) -> int:
    total, stack = 0, [value]
    while stack:
        each = stack.pop()
        if each is None or isinstance(each, (bool, int, float, *_LEAVES)) or id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, np.ndarray):
            if isinstance(each.base, np.ndarray):
                stack.append(each.base)
            else:
                total += each.nbytes
        elif isinstance(each, str | bytes | bytearray):
            total += sys.getsizeof(each)
        elif isinstance(each, Mapping):
            total += sys.getsizeof(each)
            stack.extend(each.keys())
            stack.extend(each.values())
        elif isinstance(each, list | tuple | set | frozenset):
            total += sys.getsizeof(each)
            stack.extend(each)
        elif hasattr(each, "memory_usage"):  # a frame, a series (with its index) or an index
            used = each.memory_usage()
            total += int(used.sum() if hasattr(used, "sum") else used)
        elif isinstance(size := getattr(each, "nbytes", None), int):  # an Arrow table
            total += size
        else:
            stack.extend(getattr(each, "__dict__", {}).values())
    return total


def _limit() -> int:
    try:
        return max(int(float(os.environ.get(VARIABLE, MEGABYTES)) * 2**20), 0)
    except (ValueError, OverflowError):
        return MEGABYTES * 2**20


ANSWERS = BoundedCache(_limit())
"""The answers of all populations of this process."""
