# Every command a developer types; `just` lists them.

bin := justfile_directory() / ".venv/bin"

_list:
    @just --list --unsorted

# what CI runs: style, types, layers, all tests
check: lint types layers test

# style and errors
lint:
    {{bin}}/ruff format --check --quiet .
    {{bin}}/ruff check --quiet .

# mend what can be mended
fix:
    {{bin}}/ruff check --fix --quiet .
    {{bin}}/ruff format --quiet .

# mypy --strict
types:
    {{bin}}/mypy

# who may import whom
layers:
    {{bin}}/lint-imports --no-logo

# all tests, a file at a time on each core
test *options:
    {{bin}}/pytest --numprocesses logical --maxprocesses 4 --dist loadfile {{options}}

# the engine alone: no Prefect, well under 90 s
test-engine *options:
    {{bin}}/pytest tests/engine -m "not slow" {{options}}

# what needs a Prefect server
test-orchestration *options:
    {{bin}}/pytest tests/orchestration {{options}}

# write the published schemas anew
schema:
    {{bin}}/python -m cutdown.cli schema edit-plan > docs/schemas/edit-plan.schema.json
    {{bin}}/python -m cutdown.cli schema metrics > docs/schemas/metrics.schema.json
    {{bin}}/python -m cutdown.cli schema baseline > docs/schemas/baseline.schema.json

# the wheel, which holds only cutdown
wheel:
    {{bin}}/uv build --wheel --quiet

# hooks that run before a commit
hooks:
    {{bin}}/prek install

# nights of a batch on several workers, with what goes wrong in them
e2e-batch *options:
    PYTHONPATH=.:tests {{bin}}/python -m e2e_batch {{options}}

# the same recordings with one and with two workers
throughput *options:
    {{bin}}/python -m benchmarks.throughput {{options}}

# every provider against every fault, as a table
faults:
    PYTHONPATH=tests {{bin}}/python -m fault_matrix

# what the performance monitor itself costs, in percent of a core
overhead *options:
    PYTHONPATH=. {{bin}}/python -m benchmarks.monitor_overhead {{options}}

# the whole job, cold and warm, on made recordings of some lengths in minutes
whole-job *options:
    PYTHONPATH=. {{bin}}/python -m benchmarks.whole_job {{options}}

# transcription beside bare faster-whisper, on the same sound
transcription *options:
    PYTHONPATH=. {{bin}}/python -m benchmarks.transcription {{options}}

# a gigabyte to a bucket and back, whole and with cut connections: speed and memory
transfer:
    PYTHONPATH=tests {{bin}}/python -m large_transfer
