# Thin names for ./guantong, which also works where make is missing.
.DEFAULT_GOAL := help
.PHONY: help run test lint bench soak lock shots clean
NAME ?=

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## prepare everything, then serve: prints the address and the logins
	@./guantong run

test: ## lint, types, contracts, translations and all tests on SQLite and PostgreSQL
	@./guantong test

lint: ## the part of test that needs no database
	@./guantong lint

bench: ## measure all, or one with NAME=...; results under bench/results
	@./guantong bench $(NAME)

soak: ## the tests that take longer than CI may
	@./guantong soak

lock: ## make the locks of the Python packages anew
	@./guantong lock

shots: ## take the screenshots of the documentation
	@./guantong shots

clean: ## remove what was installed and built; the data in var stays
	rm -rf .venv frontend/node_modules frontend/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
