"""The tensors of a PyTorch checkpoint, without unpickling it.

A checkpoint is a pickle that says which tensor lies where, and raw numbers. Unpickling would run
what the file says; here its opcodes are read one by one with `pickletools.genops`, and a machine
that knows only dictionaries, tuples, numbers, texts and two forms of tensor follows them. Names of
classes and functions are compared with a list and never imported; everything else is refused.

Both forms that `torch.save` has written are read: the ZIP archive (since PyTorch 1.6) and the
stream of five pickles with the numbers behind them (before).
"""

from __future__ import annotations

import io
import math
import pickletools
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synth.errors import PopulaceError

LARGEST = 4_000_000_000
"""Bytes of the largest file that is read."""
_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_DTYPES: dict[object, np.dtype[Any]] = {
    "torch DoubleStorage": np.dtype("<f8"),
    "torch FloatStorage": np.dtype("<f4"),
    "torch HalfStorage": np.dtype("<f2"),
    "torch LongStorage": np.dtype("<i8"),
    "torch IntStorage": np.dtype("<i4"),
    "torch ShortStorage": np.dtype("<i2"),
    "torch CharStorage": np.dtype("i1"),
    "torch ByteStorage": np.dtype("u1"),
    "torch BoolStorage": np.dtype("?"),
}
_DICT = "collections OrderedDict"
_TENSOR = "torch._utils _rebuild_tensor_v2"
_PARAMETER = "torch._utils _rebuild_parameter"
_MOST_DIMENSIONS = 8


class _NotTensorsError(ValueError):
    """What the file holds beside tensors; the words go into the error."""


@dataclass(frozen=True)
class _Name:
    """A class or function that the file names; it is never imported."""

    words: str


@dataclass(frozen=True)
class _Storage:
    """Where a tensor's numbers lie."""

    key: str
    dtype: np.dtype
    size: int


@dataclass(frozen=True)
class _Tensor:
    """A tensor before its numbers are read; strides in numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


_MARK = object()


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a checkpoint by name, as read-only arrays.

    Read are dictionaries of tensors of the usual types (no bfloat16), also below "state_dict".

    Parameters
    ----------
    path : Path
        The checkpoint.

    Returns
    -------
    mapping of str to np.ndarray
        Name → tensor.

    Raises
    ------
    PopulaceError
        The file cannot be read, is damaged, or holds anything but tensors.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise PopulaceError(f"{path.name} is larger than {LARGEST:,} bytes: use another file.")
        content = path.read_bytes()
    except OSError as error:
        raise PopulaceError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    try:
        read = _read_archive if content[:4] == b"PK\x03\x04" else _read_stream
        state, numbers = read(content)
        return _arrays(state, numbers)
    except _NotTensorsError as error:
        raise PopulaceError(
            f"{path.name} holds {error}, but only a dictionary of tensors is read: save the "
            "weights as safetensors."
        ) from error
    except (
        ValueError,
        IndexError,
        KeyError,
        TypeError,
        AttributeError,
        EOFError,
        OverflowError,
        NotImplementedError,
        RuntimeError,  # an encrypted member
        zipfile.BadZipFile,
    ) as error:
        raise PopulaceError(
            f"{path.name} is damaged or no PyTorch checkpoint: fetch it again."
        ) from error


def _arrays(state: object, numbers: Callable[[_Storage], memoryview]) -> dict[str, np.ndarray]:
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]
    if not isinstance(state, dict):
        raise _NotTensorsError("something else")
    out: dict[str, np.ndarray] = {}
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, _Tensor):
            raise _NotTensorsError(f"something that is no tensor under {str(name)[:60]!r}")
        storage = tensor.storage
        flat = np.frombuffer(numbers(storage), storage.dtype, storage.size)
        step = storage.dtype.itemsize
        view = np.lib.stride_tricks.as_strided(
            flat[tensor.offset :],
            tensor.shape,
            tuple(s * step for s in tensor.strides),
            writeable=False,
        )
        out[name] = view
    return out


def _read_archive(content: bytes) -> tuple[object, Callable[[_Storage], memoryview]]:
    """What the archive's pickle says, and how its storages are read."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    for member in archive.infolist():
        if member.compress_type != zipfile.ZIP_STORED:
            raise _NotTensorsError("compressed members")
    names = [name for name in archive.namelist() if name.count("/") == 1]
    (pickle_name,) = (name for name in names if name.endswith("/data.pkl"))
    root = pickle_name.removesuffix("/data.pkl")
    if f"{root}/byteorder" in names and archive.read(f"{root}/byteorder") != b"little":
        raise _NotTensorsError("numbers in big-endian order")
    cache: dict[str, memoryview] = {}

    def numbers(storage: _Storage) -> memoryview:
        if storage.key not in cache:
            cache[storage.key] = memoryview(archive.read(f"{root}/data/{storage.key}"))
        if len(cache[storage.key]) != storage.size * storage.dtype.itemsize:
            raise ValueError("a storage of another size")
        return cache[storage.key]

    return _follow(io.BytesIO(archive.read(pickle_name)), fields=5), numbers


def _read_stream(content: bytes) -> tuple[object, Callable[[_Storage], memoryview]]:
    """What the stream's fourth pickle says, and how the storages behind it are read."""
    file = io.BytesIO(content)
    if _follow(file) != _MAGIC or _follow(file) != _PROTOCOL:
        raise ValueError("another form")
    system = _follow(file)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _NotTensorsError("numbers in big-endian order")
    known: dict[str, _Storage] = {}
    state = _follow(file, fields=6, known=known)
    keys = _follow(file)
    if not isinstance(keys, list):
        raise ValueError("no list of storages")
    place: dict[str, int] = {}
    at = file.tell()
    for key in keys:
        storage = known[key]
        if int.from_bytes(content[at : at + 8], "little") != storage.size:
            raise ValueError("a storage of another size")
        place[key] = at + 8
        at += 8 + storage.size * storage.dtype.itemsize
    if at > len(content):
        raise ValueError("a file that was cut")
    view = memoryview(content)

    def numbers(storage: _Storage) -> memoryview:
        begin = place[storage.key]
        return view[begin : begin + storage.size * storage.dtype.itemsize]

    return state, numbers


def _follow(file: io.BytesIO, fields: int = 0, known: dict[str, _Storage] | None = None) -> object:
    """What one pickle says, in plain values, `_Tensor`s and `_Storage`s.

    `fields` is the length of a reference to a storage, nought where none is expected; storages
    are noted in `known`.
    """
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    storages: dict[str, _Storage] = {} if known is None else known

    def since_mark() -> list[Any]:
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise ValueError("no mark")
        taken = stack[at + 1 :]
        del stack[at:]
        return taken

    for opcode, argument, _ in pickletools.genops(file):
        match opcode.name:
            case "PROTO":
                if argument != 2:
                    raise _NotTensorsError(f"a pickle of protocol {argument}")
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINUNICODE" | "BINFLOAT":
                stack.append(argument)
            case "NONE":
                stack.append(None)
            case "NEWTRUE":
                stack.append(True)
            case "NEWFALSE":
                stack.append(False)
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "EMPTY_TUPLE":
                stack.append(())
            case "MARK":
                stack.append(_MARK)
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(opcode.name[-1])
                last = tuple(stack[-count:])
                del stack[-count:]
                stack.append(last)
            case "APPENDS":
                taken = since_mark()
                _is(stack[-1], list).extend(taken)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                _is(stack[-1], dict)[_is(key, str)] = value
            case "SETITEMS":
                taken = since_mark()
                for key, value in zip(taken[::2], taken[1::2], strict=True):
                    _is(stack[-1], dict)[_is(key, str)] = value
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "GLOBAL":
                if argument not in (_DICT, _TENSOR, _PARAMETER) and argument not in _DTYPES:
                    raise _NotTensorsError(f"a reference to {str(argument).replace(' ', '.')[:80]}")
                stack.append(_Name(argument))
            case "BINPERSID":
                stack.append(_storage(stack.pop(), fields, storages))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                stack.append(_built(_is(function, _Name).words, _is(arguments, tuple)))
            case "BUILD":
                # What torch notes of a dictionary's modules; tensors do not depend on it.
                state = stack.pop()
                if not isinstance(stack[-1], dict) or set(_is(state, dict)) != {"_metadata"}:
                    raise _NotTensorsError("an object with a state of its own")
            case "STOP":
                (value,) = stack
                return value
            case name:
                raise _NotTensorsError(f"the pickle opcode {name}")
    raise ValueError("no end")


def _is(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise ValueError(f"no {kind.__name__}")
    return value


def _storage(reference: object, fields: int, storages: dict[str, _Storage]) -> _Storage:
    """A reference such as ("storage", FloatStorage, "0", "cpu", 864)."""
    if not isinstance(reference, tuple) or len(reference) != fields or fields == 0:
        raise ValueError("no reference to a storage")
    tag, kind, key, _, size = reference[:5]
    if tag != "storage" or (fields == 6 and reference[5] is not None):
        raise _NotTensorsError("a view of a storage")
    if not isinstance(kind, _Name) or kind.words not in _DTYPES or not _is(key, str).isdecimal():
        raise ValueError("no storage")
    storage = _Storage(key, _DTYPES[kind.words], _whole(size))
    if storages.setdefault(key, storage) != storage:
        raise ValueError("two storages of one name")
    return storage


def _built(function: str, arguments: tuple[Any, ...]) -> object:
    """The value of one of the calls that are known."""
    if function == _DICT and arguments == ():
        return {}
    if function == _PARAMETER and len(arguments) == 3:
        return _is(arguments[0], _Tensor)
    if function != _TENSOR or len(arguments) not in (6, 7):
        raise _NotTensorsError(f"a call of {function.replace(' ', '.')}")
    storage, offset, shape, strides = arguments[:4]
    tensor = _Tensor(
        _is(storage, _Storage),
        _whole(offset),
        tuple(map(_whole, _is(shape, tuple))),
        tuple(map(_whole, _is(strides, tuple))),
    )
    if len(tensor.shape) != len(tensor.strides) or len(tensor.shape) > _MOST_DIMENSIONS:
        raise ValueError("a tensor of strange dimensions")
    # Neither beyond its storage nor, by strides of nought, larger than it.
    steps = zip(tensor.shape, tensor.strides, strict=True)
    last = tensor.offset + sum((n - 1) * step for n, step in steps)
    size = math.prod(tensor.shape)
    if size > tensor.storage.size or (size and last >= tensor.storage.size):
        raise ValueError("a tensor beyond its storage")
    if tensor.offset > tensor.storage.size:
        raise ValueError("a tensor beyond its storage")
    return tensor


def _whole(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise ValueError("no size")
    return value
