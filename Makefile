# The two commands a newcomer needs: `make demo` and `make test`.

CARGO ?= cargo
ARGS ?=

.PHONY: demo test test-full bench lint clean

# Main job: imports the example year, clears it, verifies it, then serves it.
demo:
	$(CARGO) run --quiet --bin quantong -- demo $(ARGS)

# All tests, long ones in a bounded form.
test:
	$(CARGO) test

# All tests, long ones in full, those on PostgreSQL not left out; then what is promised of speed, one
# figure at a time. Those want the machine for themselves.
test-full:
	QUANTONG_FULL=1 QUANTONG_REQUIRE_POSTGRES=1 $(CARGO) test --release
	QUANTONG_REQUIRE_POSTGRES=1 $(CARGO) test --release --test suite figures:: -- --ignored --test-threads=1

# The figures of docs/PERFORMANCE.md.
bench:
	$(CARGO) build --release
	./target/release/quantong bench engine
	./target/release/quantong bench engine --hot
	./target/release/quantong bench replay

lint:
	$(CARGO) fmt --check
	$(CARGO) clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps

clean:
	$(CARGO) clean
