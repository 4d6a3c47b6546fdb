#!/usr/bin/env python3
"""Proves a wheel: what is in it, and that it runs where the project is not. Called by ./dev wheel and tests/python.

usage: check_wheel.py WHEEL

Installs WHEEL into an environment of its own, in a temporary folder; NumPy comes from the Python that runs this. Prints what it has run. Exits with 1 and says why where it fails.
"""
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile

NEEDED = ["__init__.py", "_core.pyi", "errors.py", "functions.py", "host.py", "libpicabia_pictures.so", "py.typed",
          "session.py", "tf1/__main__.py", "tf1/modules.py", "tf1/session.py"]

# One after the other, each in a process of its own, in an empty folder.
RUNS = {
    "import": """
import pathlib, sys
import picabia
where = pathlib.Path(picabia.__file__).resolve()
assert pathlib.Path(sys.prefix).resolve() in where.parents, where
print(picabia.__version__, picabia.styles())
""",
    "a picture": """
import numpy as np
import picabia
pixels = np.random.default_rng(1).integers(0, 256, (40, 52, 3), np.uint8)
made = picabia.stylize(pixels, "made.png")
assert made.shape == (40, 52, 3) and made.dtype == np.uint8 and made.std() > 1
assert open("made.png", "rb").read(4) == bytes([137]) + b"PNG"
print(made.shape)
""",
    "both devices": """
import numpy as np
import picabia
x = np.full((1, 16, 16, 3), 100, np.float32)
for device in ("cpu", "mlu"):
    [y] = picabia.Session("style:" + picabia.styles()[0], device=device).run(None, {"X_content": x})
    assert y.shape == x.shape and np.isfinite(y).all()
print(y.shape)
"""}

SCRIPT = """
import sys
import numpy as np
import tensorflow as tf
x = tf.placeholder(tf.float32, [None, 2], 'x')
with tf.Session() as sess:
    print "sum", sess.run(tf.reduce_sum(tf.power_difference(x, [1.0, 1.0], 2)), {x: np.zeros((3, 2))}), sys.argv[1]
"""


def check_contents(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    missing = [name for name in NEEDED if f"picabia/{name}" not in names]
    if not any(name.startswith("picabia/_core.") and name.endswith(".so") for name in names):
        missing.append("_core.*.so")
    if missing:
        raise SystemExit(f"{wheel}: has no {', '.join(missing)}")
    strange = [name for name in names if not name.startswith(("picabia/", "picabia-"))]
    if strange:
        raise SystemExit(f"{wheel}: has {', '.join(strange)} besides the package")
    return len(names)


def make_environment(folder, wheel):
    """The Python of a new environment with the wheel in it."""
    venv.create(folder, with_pip=False)
    python = folder / "bin/python"
    site = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True,
                          capture_output=True, text=True).stdout.strip()
    install = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "--python", str(python), "install",
               "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, stdin=subprocess.DEVNULL)
    # Behind what is installed: the package itself comes from the wheel.
    pathlib.Path(site, "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(python, arguments, folder, what):
    environment = {key: value for key, value in os.environ.items()
                   if not key.startswith(("PYTHON", "PICABIA", "LD_", "MLU_"))}
    done = subprocess.run([str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{what}: failed\n{done.stdout}{done.stderr}")
    print(f"{what}: {done.stdout.strip()}")
    return done.stdout


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    wheel = pathlib.Path(sys.argv[1]).resolve()
    print(f"{wheel.name}: {check_contents(wheel)} files, {wheel.stat().st_size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as temporary:
        python = make_environment(pathlib.Path(temporary, "environment"), wheel)
        folder = pathlib.Path(temporary, "elsewhere")
        folder.mkdir()
        for what, code in RUNS.items():
            run(python, ["-c", code], folder, what)
        (folder / "script.py").write_text(SCRIPT)
        said = run(python, ["-m", "picabia.tf1", "script.py", "argument"], folder, "a TensorFlow 1 script")
        if said != "sum 6.0 argument\n":
            raise SystemExit(f"a TensorFlow 1 script: printed {said!r}, expected 'sum 6.0 argument'")


if __name__ == "__main__":
    main()
