.PHONY: test lint format options bench soak mutants

test:
	python -m pytest

lint:
	ruff format --check .
	ruff check .
	mypy

format:
	ruff format .
	ruff check --fix .

options:  # the page of all options, from where they are declared
	python -c "from paddle_gan.config.page import page; print(page(), end='')" > docs/options.md

bench:  # side by side with the notebook's step and PyTorch; see docs/performance.md
	python benchmarks/throughput.py

soak:  # the long versions of the kill and fuzz tests
	python -m tests.training.soak 50
	python -m tests.fuzz_checkpoints 20000

mutants:  # changes the modules that setup.cfg names, one place at a time; lists what no test notices
	OMP_NUM_THREADS=1 mutmut run --max-children 2
	mutmut results
