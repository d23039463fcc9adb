.PHONY: test lint format bench soak

test:
	python -m pytest

lint:
	ruff format --check .
	ruff check .

format:
	ruff format .
	ruff check --fix .

bench:  # side by side with the notebook's step and PyTorch; see docs/performance.md
	python benchmarks/throughput.py

soak:  # the long versions of the kill and fuzz tests
	python -m tests.training.soak 50
	python -m tests.fuzz_checkpoints 20000
