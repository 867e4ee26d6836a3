# What people type. Each target sets up what it needs.
SHELL := /bin/bash
VENV := $(CURDIR)/.venv
BIN := $(VENV)/bin
export PATH := $(BIN):$(PATH)
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
TEXT ?= hello
URL ?= https://127.0.0.1:8443/api/v1/avatar/status_update
# An ordinary user is asked for the sudo password, unless sudo asks for none.
BECOME := $(shell [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null || echo --ask-become-pass)

.PHONY: help demo say webhook monitor demo-down ee awx test test-quick test-role gates unit molecule faults updates bench-deploy bench-failover bench-update docs

help:
	@echo "make demo        the whole cluster on this machine, with a stand-in for Telegram"
	@echo "make say         write to the demonstration's bot (TEXT=...)"
	@echo "make webhook     have a signed fal.ai result delivered to it"
	@echo "make monitor     show how the demonstration's cluster is, and write a page about it"
	@echo "make demo-down   remove all that the demonstration made"
	@echo "make ee          build the execution environment for AWX, as aisha-ee"
	@echo "make test        every test: gates, unit tests, Molecule"
	@echo "make test-quick  what needs no target hosts: gates, unit tests"
	@echo "make test-role   a role alone on a host (ROLE=nginx), as its README says; without ROLE each of them"
	@echo "make faults      every fault done to the pollers of every framework; half an hour"
	@echo "make updates     every way in which an update goes wrong, or is interrupted; an hour"
	@echo "make awx         every playbook as AWX runs it, on both versions and in the execution environment; half an hour"
	@echo "make bench-deploy  measure a deployment; benchmarks/results/deploy.json"
	@echo "make bench-failover  measure hand-over and failover; benchmarks/results/failover.json"
	@echo "make bench-update  measure updates under load; benchmarks/results/update.json"
	@echo "make docs        write the tables of inputs in the roles' README.md from their argument specs"

$(VENV)/.demo: requirements.txt tests/lab/venv
	tests/lab/venv $(VENV) requirements.txt
	@touch $@

$(VENV)/.dev: requirements.txt requirements-dev.txt tests/lab/venv
	tests/lab/venv $(VENV) requirements-dev.txt
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	tests/lab/demo up
	ansible-playbook playbooks/site.yml -i inventory/demo $(BECOME)
	@tests/lab/demo show

say:
	@$(BIN)/python tests/lab/talk.py say --text "$(TEXT)"

webhook:
	@$(BIN)/python tests/lab/talk.py webhook --url "$(URL)"

# Ends with an error when something isn't as it should be; it says what.
monitor: $(VENV)/.demo
	ansible-playbook playbooks/monitor.yml -i inventory/demo $(BECOME)

demo-down:
	tests/lab/demo down

ee: $(VENV)/.dev
	$(BIN)/python tests/awx/ee.py

test: $(VENV)/.dev
	tests/run

test-quick: $(VENV)/.dev
	tests/run gates unit

test-role: $(VENV)/.dev
	ROLE=$(ROLE) tests/run roles

gates: $(VENV)/.dev
	tests/gates/run

unit: $(VENV)/.dev
	tests/run unit

molecule: $(VENV)/.dev
	tests/run molecule

faults: $(VENV)/.dev
	FAULTS=long molecule test --scenario-name failover

updates: $(VENV)/.dev
	UPDATES=long PYTEST_ADDOPTS='-k test_updates' molecule test

awx: ee
	$(BIN)/python -c 'import sys; sys.path.append("tests/three_ways"); import ansible_cores; ansible_cores.older("2.18")'
	AWX=long pytest -q tests/awx
	AWX=long molecule verify

bench-deploy: $(VENV)/.dev
	$(BIN)/python benchmarks/deploy.py

bench-failover: $(VENV)/.dev
	$(BIN)/python benchmarks/failover.py

bench-update: $(VENV)/.dev
	$(BIN)/python benchmarks/update.py

docs: $(VENV)/.dev
	$(BIN)/python tests/gates/role_specs.py --write
