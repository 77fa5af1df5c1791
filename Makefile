# `make` or `make help` lists the targets. What they install and build lies in .venv/ and build/,
# which `make clean` removes; only Debian packages that are missing are installed system-wide.

PYTHON ?= python3
IMAGE  ?=
ARGS   ?=

VENV := .venv
BIN  := $(VENV)/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONPATH PYTHONHOME

# One line on the screen and the output in build/NAME.log, whose tail is shown on failure.
# Use: $(call quietly,NAME,message,command)
define quietly
@mkdir -p build
@echo "$(2) ..."
@$(3) >build/$(1).log 2>&1 || { tail -n 20 build/$(1).log; \
	echo "That failed. The whole log: build/$(1).log"; exit 1; }
endef

comma := ,
PIP_INSTALL := $(BIN)/python -m pip install --no-input --constraint constraints.txt

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-long bench bench-quick bench-link area area-long boards quality lint install \
	install-test install-area install-boards system-packages clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1 \t\2/p' Makefile | expand -t 24

demo: install ## send a photograph through the simulated board and back (IMAGE=photo.png: your own)
	@$(BIN)/python -m litelic.host.demo --output build/demo $(if $(IMAGE),--image "$(IMAGE)") $(ARGS)

test: install-test lint ## lint, and run every test that takes no campaign
	@$(BIN)/python -m pytest -m "not long" -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-long: install-test ## run the campaigns: more seeds, bigger pictures, hours
	@LITELIC_SEED="$${LITELIC_SEED:-random}" \
		$(BIN)/python -m pytest -m long --hypothesis-profile=long $(ARGS)

bench: install-test ## measure whole codecs on simulated boards, write docs/performance.md: hours
	@$(BIN)/python -m litelic.host.bench $(ARGS)

bench-quick: install-test ## measure the codecs that take under ten minutes together
	@$(BIN)/python -m litelic.host.bench --quick $(ARGS)

bench-link: install-test ## measure the link, in simulation: half an hour or more
	@$(BIN)/python -m litelic.host.bench.link $(ARGS)

area: install-area ## synthesise the engine for ECP5 and Artix-7, write docs/performance.md
	@$(BIN)/python -m litelic.host.area $(ARGS)

area-long: install-area ## place and route the engine on an ECP5, three seeds a grade: hours
	@$(BIN)/python -m litelic.host.area --place $(ARGS)

boards: install-boards ## build bitstreams with open tools, hold them to their budgets: hours
	@$(BIN)/python -m litelic.soc.board.release $(ARGS)

quality: install-test ## what the integers cost (KODAK=, CALIBRATION=, PAPER=): an hour
	@[ -n "$(KODAK)" ] && [ -n "$(CALIBRATION)" ] || { echo "Name two folders of photographs:" \
		"make quality KODAK=... CALIBRATION=... (and PAPER=, the paper's weights)"; exit 1; }
	@$(BIN)/python -m litelic.host.evaluation.study "$(KODAK)" --calibration "$(CALIBRATION)" \
		$(if $(PAPER),--paper "$(PAPER)") $(ARGS)

lint: install-test ## check the Python sources with ruff
	@$(BIN)/ruff check --quiet . && echo "ruff: no complaints."

install: $(VENV)/installed ## install what demo needs
install-test: $(VENV)/installed-test ## install what test and bench need: the above, torch, compressai
install-area install-boards: $(VENV)/installed-synthesis
install-boards: ## install what area and boards need: Yosys, nextpnr

clean: ## remove everything that was built or installed here
	rm -rf build $(VENV) *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Installation -------------------------------------------------------------------------------------

system-packages: # the Debian packages, looked up on every run, installed only where they miss
	@./system-packages.sh "$(PYTHON)"

# A virtual environment works only at the path where it was made, and only while its Python is
# there: in a moved or copied checkout, or after a system upgrade, it is made anew.
ifneq ($(file <$(VENV)/checkout) $(wildcard $(BIN)/python),$(CURDIR) $(BIN)/python)
.PHONY: $(VENV)/checkout
endif

$(VENV)/checkout: | system-packages
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "LiteLIC needs Python 3.11 or newer, and $(PYTHON) is $$("$(PYTHON)" -V)."; \
		echo "Name another one: make PYTHON=python3.12 ..."; exit 1; }
	@rm -rf $(VENV)
	$(call quietly,venv,Making the virtual environment $(VENV),"$(PYTHON)" -m venv $(VENV))
	$(call quietly,setuptools,Installing setuptools,$(PIP_INSTALL) setuptools)
	@printf '%s' '$(CURDIR)' >$@

PACKAGING := pyproject.toml setup.py constraints.txt $(VENV)/checkout

DEMO_MESSAGE := Installing the Python packages of the demo (0.4 GB in $(VENV))
SYNTHESIS_MESSAGE := Installing Yosys and nextpnr as Python packages (0.7 GB in $(VENV))
TEST_MESSAGE := Installing the Python packages of the tests, torch among them (1.5 GB in $(VENV))

# Editable, so that the sources are used where they lie; no build isolation, so that the pinned
# setuptools builds it.
$(VENV)/installed: $(PACKAGING) | system-packages
	$(call quietly,install,$(DEMO_MESSAGE),$(PIP_INSTALL) --no-build-isolation --editable .)
	@touch $@

$(VENV)/installed-synthesis: $(PACKAGING) | system-packages
	$(call quietly,install-synthesis,$(SYNTHESIS_MESSAGE),$(PIP_INSTALL) --no-build-isolation \
		--editable '.[synthesis]')
	@touch $@

$(VENV)/installed-test: $(PACKAGING) | system-packages
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info >= (3, 13))' || { \
		echo "The tests need Python 3.11 or 3.12: compressai has no wheel for newer ones."; \
		echo "Name one: make clean, then make PYTHON=python3.12 test"; exit 1; }
	$(call quietly,install-test,$(TEST_MESSAGE),$(PIP_INSTALL) --no-build-isolation \
		--editable '.[compiler$(comma)test]')
	@touch $@ $(VENV)/installed
