"""tf.errors: what sessions and files raise. Each is also the error of the package, or of Python, of the same kind."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from .. import errors


class OpError(Exception):
    """The base of TensorFlow's errors."""

    node_def: Any = None
    op: Any = None
    error_code = 2

    @property
    def message(self) -> str:
        return str(self)


class InvalidArgumentError(OpError, errors.InvalidArgument):
    error_code = 3


class NotFoundError(OpError, FileNotFoundError, errors.NotFound):
    error_code = 5


class PermissionDeniedError(OpError, PermissionError):
    error_code = 7


class ResourceExhaustedError(OpError, errors.ResourceError):
    error_code = 8


class FailedPreconditionError(OpError):
    error_code = 9


class UnimplementedError(OpError, errors.Unsupported):
    error_code = 12


class UnknownError(OpError, OSError):
    error_code = 2


_BY_KIND = {errors.InvalidArgument: InvalidArgumentError, errors.InvalidModel: InvalidArgumentError,
            errors.NotFound: InvalidArgumentError, errors.Unsupported: UnimplementedError,
            errors.ResourceError: ResourceExhaustedError}
_BY_OS = {FileNotFoundError: NotFoundError, PermissionError: PermissionDeniedError}


@contextlib.contextmanager
def of_runs() -> Iterator[None]:
    """What the package raises inside becomes TensorFlow's."""
    try:
        yield
    except errors.Error as error:
        if isinstance(error, OpError):
            raise
        kind = next((new for old, new in _BY_KIND.items() if isinstance(error, old)), None)
        if kind is None:
            raise
        raise kind(str(error)) from error.__cause__ or error


@contextlib.contextmanager
def of_files(path: Any) -> Iterator[None]:
    """What the system says of a file becomes TensorFlow's."""
    try:
        yield
    except OSError as error:
        if isinstance(error, OpError):
            raise
        kind = next((new for old, new in _BY_OS.items() if isinstance(error, old)), UnknownError)
        raise kind(f"{path}; {error.strerror or error}") from error


ALL = {kind.__name__: kind for kind in (
    OpError, InvalidArgumentError, NotFoundError, PermissionDeniedError, ResourceExhaustedError, FailedPreconditionError,
    UnimplementedError, UnknownError)}
