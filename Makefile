# Thin: every target calls one program of tools/ or lab/, which does all of its own set-up and may be repeated.
#   INVENTORY=path   a person's own servers in place of the lab        ARGS=…   passed on to the program behind the target
#   VAULT_PASSWORD_FILE=path   the vault password of that inventory    PYTHON=…  the Python to use

INVENTORY ?=
VAULT_PASSWORD_FILE ?=
ARGS ?=
HOST ?= epm1
export VAULT_PASSWORD_FILE

RUN := ./tools/python3 -m
PLAY := $(RUN) tools.play
ON := $(if $(INVENTORY),--inventory $(INVENTORY))

.DEFAULT_GOAL := help
.PHONY: help site validate plan sizing forecast status verify test lint unit sanity molecule integration soak bench \
        lab-up lab-down lab-ssh lab-status collection lock reference environment clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

site: ## from a bare machine to a running, verified lab site; with INVENTORY=path: your own servers
	@$(RUN) tools.site $(ON) -- $(ARGS)

validate: ## check the inventory; contacts no host
	@$(PLAY) validate $(ON) -- $(ARGS)

plan: ## what a roll-out would do; changes nothing
	@$(PLAY) plan $(ON) -- $(ARGS)

sizing: ## the hosts that agents and jobs need, by the vendor's tables: ARGS="--agents 300 --jobs 50"
	@$$($(RUN) tools.environment)/bin/python -m tools.sizing $(ARGS)

forecast: ## what a roll-out would change on the hosts as they are now; changes nothing
	@$(PLAY) forecast $(ON) -- $(ARGS)

status: ## what is, against what should be; changes nothing
	@$(PLAY) status $(ON) -- $(ARGS)

verify: ## prove that the site works; changes nothing that stays
	@$(PLAY) verify $(ON) -- $(ARGS)

test: ## lint, sanity, unit, molecule, integration: everything
	@$(RUN) tools.test $(ARGS)

lint: ## ruff, yamllint, ansible-lint, mypy
	@$(RUN) tools.test lint $(ARGS)

unit: ## the tests that need no lab
	@$(RUN) tools.test unit $(ARGS)

sanity: ## ansible-test sanity on the assembled collection
	@$(RUN) tools.test sanity $(ARGS)

molecule: ## the promises, each on hosts of the lab; ARGS="--scenario NAME" for one
	@$(RUN) tools.test molecule $(ARGS)

integration: ## the tests that need the lab
	@$(RUN) tools.test integration $(ARGS)

soak: ## runs that are killed at seeded random moments, for an hour; ARGS="--seed N" repeats one
	@$(RUN) tools.soak $(ARGS)

bench: ## how long: contract, no-change run, restarts, cold installation; ARGS="--only contract" needs no lab
	@$(RUN) tools.bench $(ARGS)

lab-up: ## boot the hosts of the lab
	@$(RUN) tools.site --only-lab

lab-down: ## end the lab; nothing of it stays
	@$(RUN) lab down $(ARGS)

lab-ssh: ## a shell on a host of the lab: HOST=epm1
	@$(RUN) lab ssh $(HOST) $(ARGS)

lab-status: ## the hosts of the lab
	@$(RUN) lab status $(ARGS)

collection: ## build/dialtone-contact_center-*.tar.gz
	@$(RUN) tools.collection

lock: ## write the lock files of requirements/ anew
	@$(RUN) tools.lock $(ARGS)

reference: ## write anew what is generated from the schemas
	@$$($(RUN) tools.environment)/bin/python tools/generate.py $(ARGS)

environment: ## the Python environment alone
	@$(RUN) tools.environment $(ARGS)

clean: ## remove what runs have written (build/), keep caches and labs
	rm -rf build
