"""Two threads spin until they are stopped from outside."""

import pathlib
import threading


def spin():
    while True: pass


threading.Thread(target=spin, name="left").start()
threading.Thread(target=spin, name="right").start()
pathlib.Path(__file__).with_suffix(".json").write_text('{"running": true}')
