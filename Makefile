# The two commands of the README, and what they are made of. See scripts/setup for what gets installed and how it asks.
.PHONY: demo test setup

# Build, and vet the bundled fixture package.
demo: setup
	./scripts/demo

# The whole test suite.
test: setup
	./scripts/test

setup:
	./scripts/setup
