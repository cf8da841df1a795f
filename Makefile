# Needs Go 1.26, Python 3.9 or newer, a C compiler and make; all else is put into .venv here.
#
#   make run     runs a real WASI program: counts the words of this repository's documents
#   make test    all tests, Go and Python, the latter on the wheel as installed
#   make soak    everything at once for MINUTES=30: no failure, no hang, no leak
#   make asan    the tests in Python, with the C half watched by AddressSanitizer; Linux and gcc
#   make check   formatting, linters and types
#   make realworld   runs CPython, SQLite, esbuild and others, from npm and PyPI; takes minutes, and npm
#   make bench   figures against wasmtime, pywasm3 and plain C
#   make wheels  wheels for all platforms and the sdist, into dist/; needs Python 3.9 to 3.12 for their headers
#   make wheels-test  all tests but those that build, on these wheels, under each Python that there is
#   make wheels-test-arm64  the same in ROOT=..., a Linux for arm64 with Python, such as debootstrap makes; in qemu-user
#   make clean   removes what the others made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 315532800)

SOURCES := setup.py pyproject.toml MANIFEST.in go.mod go.sum $(shell find bridge buffer core pywasm wheels \
	-path pywasm/_gopy -prune -o -name 'gopy_bridge.go' -prune -o -name '*_test.go' -prune -o \
	-name '*.go' -print -o -name '*.[ch]' -print -o -name '*.def' -print -o -name '*.py' -print -o -name '*.pyi' -print)

.PHONY: run test soak asan test-go test-python check check-go check-python check-c bench realworld wheels wheels-test wheels-test-arm64 version-is clean

run: $(VENV)/installed
	$(BIN)/pywasm run --dir docs::/docs --env WC_SORT=words examples/wordcount/wordcount.wasm /docs

test: test-go test-python
	$(MAKE) soak MINUTES=2

test-go:
	go test ./...

test-python: $(VENV)/installed
	$(BIN)/pytest

# On Linux alone, since it reads /proc.
soak: MINUTES ?= 30
soak: $(VENV)/installed
	test ! -e /proc/self/statm || $(BIN)/python soak/run.py --minutes $(MINUTES)

# Go has the signals; what only the wheel or the source tree is about is left out, as are leaks (tests_py/test_leaks.py).
asan: export PYWASM_CFLAGS = -fsanitize=address,undefined -fno-omit-frame-pointer -g
asan: $(VENV)/installed
	rm -rf build/asan
	$(PIP) install --no-deps --target build/asan .
	cd tests_py && LD_PRELOAD="$$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_abort=0:use_sigaltstack=0:quarantine_size_mb=8 \
		UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1 \
		PYTHONMALLOC=malloc PYTHONDEVMODE=1 PYTHONPATH=$(CURDIR)/build/asan $(CURDIR)/$(BIN)/pytest \
		-m "not build" --ignore test_build.py --ignore test_wheel.py --ignore test_typing.py --ignore test_leaks.py

check: check-go check-python check-c

check-go:
	@files=$$(go tool gofumpt -l bridge buffer core tests_go) && test -z "$$files" || { echo "not as gofumpt has it: $$files"; exit 1; }
	go vet ./...
	go tool staticcheck ./...

check-python: $(VENV)/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/basedpyright

check-c: $(VENV)/installed
	$(BIN)/clang-format --dry-run --Werror $$(find bridge buffer -name 'gopy_go.*' -prune -o -name '*.[ch]' -print)

bench: $(VENV)/installed
	$(PIP) install "$$(echo build/wheel/*.whl)[bench]"
	$(BIN)/python bench/run.py

realworld: $(VENV)/installed
	$(PIP) install ziglang==0.17.1
	$(BIN)/pytest --timeout 1200 realworld

wheels: $(VENV)/builds
	rm -rf dist
	$(BIN)/python -m wheels.release
	$(BIN)/python -m wheels.audit dist/*.whl

wheels-test:
	$(PYTHON) -m wheels.suite

wheels-test-arm64:
	@test -n "$(ROOT)" -a -x "$(ROOT)/usr/bin/python3" || { echo "ROOT must be the root of a Linux for arm64 that has Python"; exit 1; }
	rm -rf $(ROOT)/suite
	mkdir $(ROOT)/suite
	cp -r --parents dist wheels tests_py examples core/wasi/testdata README.md pyproject.toml $(ROOT)/suite
	chroot $(ROOT) sh -c "cd /suite && exec python3 -m wheels.suite --timeout 1200"

version-is:
	@test "$(TAG)" = "v$$(sed -n 's/^__version__ = "\(.*\)"/\1/p' pywasm/_version.py)" || { echo "$(TAG) is not the version in pywasm/_version.py"; exit 1; }

$(VENV)/builds: wheels/requirements.txt | $(BIN)/python
	$(PIP) install --requirement $<
	touch $@

clean:
	rm -rf build dist $(VENV) *.egg-info pywasm/_gopy pywasm/*.so pywasm/*.dylib pywasm/*.dll bridge/lib/gopy_*

# The wheel is built anew when a source has changed; what is inside of it only where that matters.
$(VENV)/installed: $(SOURCES) | $(BIN)/python
	@$(BIN)/python wheels/build.py --check
	rm -rf build/wheel build/lib build/lib.*
	$(PIP) wheel --no-deps --wheel-dir build/wheel .
	$(PIP) install --force-reinstall --no-deps build/wheel/*.whl
	$(PIP) install "$$(echo build/wheel/*.whl)[check,test]"
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
