#!/usr/bin/env bash
# Trains the style `facets` again: picture, targets, training, export, verification.
#
#   training/run.sh [--minutes M]     (options go to the first run of train.py)
#
# Everything goes below build/training but the results: styles/facets.pb, styles/facets_style.jpg
# and training/train.log.  Takes about an hour on 2 cores and 9 GB of disk; needs python3 with venv.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/training
python=$out/venv/bin/python
log=training/train.log
export ORT_DISABLE_TELEMETRY=1 PYTHONDONTWRITEBYTECODE=1
mkdir -p "$out"

if [ ! -x "$python" ]; then
  python3 -m venv "$out/venv"
fi
"$python" -m pip install --quiet --requirement training/requirements.txt

# Runs one step; what it prints goes to the log, too.
step() {
  local name=$1
  shift
  "$python" "training/$name" "$@" | tee -a "$log"
}

: >"$log"
step make_style.py styles/facets_style.jpg
step make_targets.py styles/facets_style.jpg "$out/targets.npz"
step train.py "$out/targets.npz" "$out/facets.pt" "$@"
# A second, shorter cosine; the mean of both ends has fewer flaws than either.
step train.py "$out/targets.npz" "$out/facets2.pt" --resume "$out/facets.pt" --anew --rate 8e-4 \
  --steps 1670
step export.py --checkpoint "$out/facets.pt" "$out/facets2.pt" --onnx "$out/facets.onnx"
step verify.py "$out/facets.onnx"
