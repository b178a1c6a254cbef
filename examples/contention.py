"""Three threads and one GIL: profile this with GILscope and see who keeps whom waiting.

hog      computes in Python. It never gives the GIL up by itself; it has to be forced to.
poller   reads and writes a byte at a time. Each call gives the GIL up for a moment, and then
         the poller waits about a switch interval (5 ms) to get it back from the hog: a convoy.
sleeper  sleeps. It has nothing to do with it, and its lines show that.
"""

import os
import threading
import time

SECONDS = 2.0


def hog(end):
    total = 0
    while time.monotonic() < end:
        total += sum(range(2_000))  # This line holds the GIL.
    return total


def poller(end):
    reader, writer = os.pipe()
    passes = 0
    while time.monotonic() < end:
        os.write(writer, b"x")  # These two lines wait for it.
        os.read(reader, 1)
        passes += 1
    print(f"poller: {passes} bytes in {SECONDS} s, with a hog beside it")


def sleeper(end):
    while time.monotonic() < end:
        time.sleep(0.1)


def main():
    end = time.monotonic() + SECONDS
    threads = [
        threading.Thread(target=work, args=(end,), name=work.__name__)
        for work in (hog, poller, sleeper)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
