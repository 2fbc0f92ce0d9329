#!/usr/bin/env bash
# Resolve app.in in an empty environment and write lock.txt: exact versions, with the hashes of every build.
# torch and what only its CUDA build needs stay out (see torch.txt).
set -euo pipefail
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install -q -r torch.txt
"$scratch/venv/bin/pip" freeze --exclude torch > "$scratch/torch-needs.txt"
"$scratch/venv/bin/pip" install -q -r app.in
"$scratch/venv/bin/pip" freeze --exclude torch --exclude-editable | grep -viE '^(nvidia|triton|cuda)' > "$scratch/frozen.txt"
# What only an older Python needs is not installed here, and yet belongs into the file (see app.in).
sed -i '/^async-timeout==/d' "$scratch/frozen.txt"
echo "async-timeout==5.0.1 ; python_full_version < '3.11.3'" >> "$scratch/frozen.txt"
python3 -m venv "$scratch/uv"
"$scratch/uv/bin/pip" install -q uv
"$scratch/uv/bin/uv" pip compile -q --no-deps --no-annotate --no-header --no-emit-index-url \
    --generate-hashes --python-version 3.11 "$scratch/frozen.txt" -o lock.txt
