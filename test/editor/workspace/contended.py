"""Two threads spin on one line, together: the GIL is always held, and one of the two always waits."""

import json
import pathlib
import threading
import time

SECONDS = 1.2
together = threading.Barrier(2)
spans = []


def spin():
    together.wait()
    started = time.perf_counter_ns()
    until = started + SECONDS * 1e9
    while time.perf_counter_ns() < until: pass
    spans.append((started, time.perf_counter_ns()))


threads = [threading.Thread(target=spin, name=name) for name in ("left", "right")]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()

# While both spin, each nanosecond is a hold of one and a wait of the other.
hold = max(end for _, end in spans) - min(start for start, _ in spans)
wait = sum(end - start for start, end in spans) - hold
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps({"holdNs": hold, "waitNs": wait}))
print("hold", hold, "wait", wait)
