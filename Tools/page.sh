#!/bin/sh
# Drives the server's page in headless Chromium and takes screenshots: Tools/page.sh --model MODEL [--screenshots
# FOLDER]. Its one Python package goes into .venv-page.
set -eu

cd "$(dirname "$0")/.."
if [ ! -x .venv-page/bin/python ]; then python3 -m venv .venv-page; fi
.venv-page/bin/python -m pip install --quiet --disable-pip-version-check websocket-client==1.9.2
exec .venv-page/bin/python Tools/page/check.py "$@"
