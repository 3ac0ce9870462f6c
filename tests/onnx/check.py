"""Checks ONNX models by the official checker, shapes included; prints what is wrong with each and exits with 1 if anything is."""

import sys

import onnx

failures = 0
for path in sys.argv[1:]:
    try:
        onnx.checker.check_model(onnx.load(path), full_check=True)
    except Exception as error:  # the checker throws errors of several kinds
        failures += 1
        print(f"{path}: {error}")
print(f"{len(sys.argv) - 1 - failures} of {len(sys.argv) - 1} models are valid")
sys.exit(1 if failures else 0)
