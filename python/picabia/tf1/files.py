"""tf.gfile and tf.train.write_graph."""
from __future__ import annotations

import os
import shutil
from glob import glob as _glob
from typing import Any

from . import errors
from .graph import Graph
from .graph_def import GraphDef


class GFile:
    """tf.gfile.GFile and FastGFile: a file, opened when it is first used."""

    def __init__(self, name: str, mode: str = "r") -> None:
        self.name, self.mode = name, mode
        self._file: Any = None

    def _open(self) -> Any:
        if self._file is None:
            with errors.of_files(self.name):
                self._file = open(self.name, self.mode)
        return self._file

    def read(self, n: int = -1) -> Any:
        """Text or bytes by the mode; bytes also where the file is no text, as Python 2 reads it."""
        file = self._open()
        try:
            return file.read(n)
        except UnicodeDecodeError:
            file.seek(0)
            return file.buffer.read(n)

    def write(self, data: Any) -> None:
        self._open().write(data)

    def readline(self) -> Any:
        return self._open().readline()

    def readlines(self) -> list[Any]:
        return self._open().readlines()

    def seek(self, offset: int = 0, whence: int = 0) -> None:
        self._open().seek(offset, whence)

    def tell(self) -> int:
        return self._open().tell()

    def size(self) -> int:
        return os.path.getsize(self.name)

    def flush(self) -> None:
        self._open().flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __iter__(self) -> Any:
        return iter(self._open())

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def exists(path: str) -> bool:
    return os.path.exists(path)


def is_directory(path: str) -> bool:
    return os.path.isdir(path)


def list_directory(path: str) -> list[str]:
    with errors.of_files(path):
        return os.listdir(path)


def make_dirs(path: str) -> None:
    with errors.of_files(path):
        os.makedirs(path, exist_ok=True)


def remove(path: str) -> None:
    with errors.of_files(path):
        os.remove(path)


def delete_recursively(path: str) -> None:
    with errors.of_files(path):
        shutil.rmtree(path)


def copy(oldpath: str, newpath: str, overwrite: bool = False) -> None:
    with errors.of_files(newpath if os.path.exists(oldpath) else oldpath):
        if os.path.exists(newpath) and not overwrite:
            raise FileExistsError(17, "file already exists")
        shutil.copyfile(oldpath, newpath)


def walk(top: str) -> Any:
    return os.walk(top)


def glob(pattern: str) -> list[str]:
    return sorted(_glob(pattern))


def write_graph(graph_or_graph_def: Graph | GraphDef, logdir: str, name: str, as_text: bool = True) -> str:
    """tf.train.write_graph: a graph as text or bytes; returns the path."""
    graph = graph_or_graph_def.as_graph_def() if isinstance(graph_or_graph_def, Graph) else graph_or_graph_def
    os.makedirs(logdir, exist_ok=True)
    path = os.path.join(logdir, name)
    data = str(graph).encode() if as_text else graph.SerializeToString()
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        file.write(data)
    os.replace(temporary, path)
    return path
