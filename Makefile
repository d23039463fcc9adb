.PHONY: test lint format options web bench soak mutants

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

# The runtime of exported pages, from npm into the package: a machine that exports needs no npm.
ONNXRUNTIME_WEB = 1.30.0
web:
	from=$$(mktemp -d) && to=$(CURDIR)/paddle_gan/exporting/web/onnxruntime && cd $$from && \
	npm pack --silent onnxruntime-web@$(ONNXRUNTIME_WEB) && tar xzf *.tgz && cd package/dist && \
	cp ort.wasm.bundle.min.mjs $$to.js && gzip -9nc ort-wasm-simd-threaded.wasm >$$to.wasm.bin && \
	rm -r $$from

bench:  # side by side with the notebook's step and PyTorch; see docs/performance.md
	python benchmarks/throughput.py

soak:  # the long versions of the kill and fuzz tests
	python -m tests.training.soak 50
	python -m tests.fuzz_checkpoints 20000

mutants:  # changes the modules that setup.cfg names, one place at a time; lists what no test notices
	OMP_NUM_THREADS=1 mutmut run --max-children 2
	mutmut results
