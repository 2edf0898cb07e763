#!/bin/sh
# Pin everything with hashes. Run by `make requirements`; no address of any registry is written.
set -eu
uv=$1
options="-q --universal --generate-hashes --python-version 3.11 --overrides overrides.in --custom-compile-command make\ requirements"
compile() { eval "$uv pip compile $options $*"; }
compile --extra edge --extra cloud ../pyproject.toml -o run.txt
compile --extra postgres ../pyproject.toml -o postgres.txt
compile --extra dev ../pyproject.toml -o dev.txt
compile build.in -o build.txt
compile uv.in -o uv.txt
compile --extra pi --extra vision ../pyproject.toml -o gateway.txt
