"""Trains the student on the teacher's pictures and writes checkpoints.

Called by run.sh after make_targets.py.  Every hundred steps the state goes to a checkpoint, from
which export.py can make a graph at any time; the log says what was run, with which versions and
seeds.
"""

import argparse
import math
import pathlib
import platform
import time

import numpy as np
import torch

import losses
import model

SEED = 7
BATCH = 4
CROP = 256
LEARNING_RATE = 2e-3
WARM_UP = 40  # steps of rising rate; instance norms settle in them
CHECKPOINT_EVERY = 100
LOG_EVERY = 20
# Weights of the losses: two are means over 0..1 pixels, two relative, the last is in units of tanh.
PIXELS, EDGES, CONTENT, TEXTURE, EXCESS = 4.0, 2.0, 1.0, 2.0, 4.0


def load_pairs(path: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """Returns contents and targets, N x H x W x 3 bytes."""
    with np.load(path) as pairs:
        return pairs["contents"], pairs["targets"]


def to_planes(pictures: list[np.ndarray]) -> torch.Tensor:
    """Stacks byte pictures to a 0..255 NCHW tensor."""
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()


def draw_batch(rng: np.random.Generator, contents: np.ndarray,
               targets: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns BATCH random crops, half of them mirrored, and the same crops of the targets."""
    chosen = []
    for index in rng.choice(len(contents), BATCH, replace=False):
        top, left = rng.integers(0, contents.shape[1] - CROP + 1, 2)
        step = rng.choice([1, -1])
        chosen.append([side[index, top:top + CROP, left:left + CROP][:, ::step]
                       for side in (contents, targets)])
    return tuple(to_planes(list(side)) for side in zip(*chosen))


def rate(peak: float, step: int, progress: float) -> float:
    """Returns the learning rate: a short rise, then half a cosine."""
    return peak * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * progress))


def compare(features: losses.Features, unbounded: torch.Tensor,
            target: torch.Tensor) -> torch.Tensor:
    """Returns the five losses, weighted, as a vector."""
    output, target = model.StyleNet.bound(unbounded) / 255, target / 255
    with torch.no_grad():
        wanted = features(target)
    content, texture = losses.feature_losses(features(output), wanted)
    return torch.stack([PIXELS * losses.l1(output, target), EDGES * losses.edges(output, target),
                        CONTENT * content, TEXTURE * texture,
                        EXCESS * losses.excess(unbounded)])


def save(path: pathlib.Path, net: model.StyleNet, optimizer: torch.optim.Optimizer,
         step: int) -> None:
    """Writes a checkpoint, whole or not at all."""
    part = path.with_suffix(".part")
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, part)
    part.replace(path)


def load(path: pathlib.Path, net: model.StyleNet, optimizer: torch.optim.Optimizer) -> int:
    """Takes net and optimizer from a checkpoint; returns its step."""
    state = torch.load(path)
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    print(f"continued from step {state['step']}")
    return state["step"]


class Log:
    """Prints the mean losses of every LOG_EVERY steps."""

    def __init__(self):
        print("step seconds rate loss pixels edges content texture excess", flush=True)
        self._sums, self._count = np.zeros(5), 0

    def add(self, step: int, seconds: float, learning_rate: float, parts: np.ndarray,
            last: bool) -> None:
        """Takes the losses of one step; prints a line where one is due."""
        self._sums += parts
        self._count += 1
        if step % LOG_EVERY and not last:
            return
        means = self._sums / self._count
        print(f"{step} {seconds:.0f} {learning_rate:.2e} {means.sum():.4f} "
              + " ".join(f"{mean:.4f}" for mean in means), flush=True)
        self._sums[:], self._count = 0, 0


def train(arguments: argparse.Namespace) -> None:
    """Runs the steps; with --minutes, the cosine ends by then even where steps are left."""
    contents, targets = load_pairs(arguments.targets)
    torch.manual_seed(arguments.seed)
    net, features = model.StyleNet(), losses.Features()
    optimizer = torch.optim.Adam(net.parameters(), arguments.rate)
    step = load(arguments.resume, net, optimizer) if arguments.resume else 0
    rng = np.random.default_rng([arguments.seed, step])
    print(f"{len(contents)} pairs, seed {arguments.seed}, batch {BATCH}, crop {CROP}, "
          f"{sum(p.numel() for p in net.parameters())} parameters", flush=True)
    first = step if arguments.anew else 0  # where the cosine starts
    log, start, progress = Log(), time.time(), (step - first) / (arguments.steps - first)
    while progress < 1:
        learning_rate = rate(arguments.rate, step, progress)
        optimizer.param_groups[0]["lr"] = learning_rate
        content, target = draw_batch(rng, contents, targets)
        parts = compare(features, net.unbounded(content), target)
        optimizer.zero_grad()
        parts.sum().backward()
        optimizer.step()
        step += 1
        seconds = time.time() - start
        progress = max((step - first) / (arguments.steps - first),
                       seconds / 60 / arguments.minutes)
        log.add(step, seconds, learning_rate, parts.detach().numpy(), progress >= 1)
        if step % CHECKPOINT_EVERY == 0 or progress >= 1:
            save(arguments.checkpoint, net, optimizer, step)


def main() -> None:
    """Reads the command line, says what is run, and trains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", type=pathlib.Path, help=".npz of make_targets.py")
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=1420, help="in all, with those resumed from")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end by then at the latest")
    parser.add_argument("--rate", type=float, default=LEARNING_RATE)
    parser.add_argument("--resume", type=pathlib.Path, help="a checkpoint to continue from")
    parser.add_argument("--anew", action="store_true", help="with --resume: start a new cosine")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=SEED)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    print(f"python {platform.python_version()}, torch {torch.__version__}, "
          f"numpy {np.__version__}, {arguments.threads} threads, steps {arguments.steps}, "
          f"minutes {arguments.minutes}", flush=True)
    train(arguments)


if __name__ == "__main__":
    main()
