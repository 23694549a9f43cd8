"""Attributes that are worked out once, when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class cached_property(Generic[Value]):  # noqa: N801 - named as functools'
    """`functools.cached_property` without its lock.

    In Python 3.11 one lock serves all instances of a class: while an attribute of one is worked
    out, every thread that asks another instance for it waits (removed in Python 3.12, see
    https://github.com/python/cpython/issues/87634). Here nobody waits. Two threads that ask the
    same instance at once may both work the value out; both get the one that was ready first.

    The value is kept in the instance's ``__dict__``, so frozen dataclasses may have such
    attributes, classes with ``__slots__`` may not. Later reads are plain attribute look-ups.

    Parameters
    ----------
    work_out : callable
        Gets the instance and returns the value; the same for the same instance.
    """

    def __init__(self, work_out: Callable[[Any], Value]) -> None:
        self._work_out = work_out
        self.__doc__ = work_out.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> cached_property[Value]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> cached_property[Value] | Value:
        """The value; the property itself where a class is asked."""
        if instance is None:
            return self
        values = instance.__dict__
        if self._name not in values:
            # `setdefault` is atomic: whoever is ready second gets the first one's value.
            return values.setdefault(self._name, self._work_out(instance))
        return values[self._name]
