"""One model at one size with one picture: the tensors that either side is fed, and its answer in one form."""

import pathlib

import numpy as np

import models


def _laid_out(picture: np.ndarray, layout: str, white: float) -> np.ndarray:
    """A picture's bytes as a batch of one."""
    tensor = picture.astype(np.float32) * np.float32(white / 255)
    return np.ascontiguousarray(tensor.transpose(2, 0, 1) if layout == "NCHW" else tensor)[None]


class Task:
    """Writes the files to feed into `folder`, which must outlive it."""

    def __init__(self, model: models.Model, picture: np.ndarray, folder: pathlib.Path, threads: int):
        folder.mkdir(parents=True, exist_ok=True)
        self.model, self.folder, self.threads = model, folder, threads
        self.size = picture.shape[:2]
        self.feeds = {}
        tensors = {model.port.name: _laid_out(picture, model.port.layout, model.white), **model.extras}
        for index, (name, tensor) in enumerate(tensors.items()):
            self.feeds[name] = folder / f"feed{index}.npy"
            np.save(self.feeds[name], tensor)
        self.peer_feeds = folder / "feeds.npz"
        if model.onnx:
            port = model.onnx_port
            np.savez(self.peer_feeds, **{port.name: _laid_out(picture, port.layout, model.white)}, **model.extras)

    @property
    def size_text(self) -> str:
        return f"{self.size[0]}x{self.size[1]}"

    def normal_form(self, answer: np.ndarray, layout: str) -> np.ndarray:
        """Any side's answer as height x width x channels in 0..255; what is no picture stays as it is."""
        if answer.ndim != 4 or answer.shape[1 if layout == "NCHW" else 3] not in (1, 3, 4):
            return answer
        planes = answer[0].transpose(1, 2, 0) if layout == "NCHW" else answer[0]
        return np.clip(planes * np.float32(255 / self.model.white), 0, 255)
