"""Two threads spin on one line, together: one of the two holds the GIL while the other waits."""

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

spun = sum(end - start for start, end in spans)
held = max(end for _, end in spans) - min(start for start, _ in spans)
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps({"spunNs": spun, "heldNs": held}))
print("spun", spun, "held", held)
