"""Two threads spin on one line until a given moment: the GIL is always held, and one of the two always waits."""

import json
import pathlib
import threading
import time

SECONDS = 1.2


def spin(until):
    while time.perf_counter() < until: pass


def main():
    started = time.perf_counter()
    threads = [threading.Thread(target=spin, args=(started + SECONDS,), name=name) for name in ("left", "right")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    measured = {"seconds": time.perf_counter() - started}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(measured))
    print("measured", measured)


main()
