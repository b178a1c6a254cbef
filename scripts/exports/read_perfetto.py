"""Reads a trace by Perfetto's own definitions; prints packets, unknown fields and nanoseconds of slices by name."""

import json
import sys

from google.protobuf import unknown_fields
from perfetto.protos.perfetto.trace import perfetto_trace_pb2


def unknown(message):
    count = len(unknown_fields.UnknownFieldSet(message))
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for part in [value] if hasattr(value, "ListFields") else value:
            count += unknown(part) if hasattr(part, "ListFields") else 0
    return count


def main():
    trace = perfetto_trace_pb2.Trace()
    with open(sys.argv[1], "rb") as file:
        trace.ParseFromString(file.read())
    event_type = perfetto_trace_pb2.TrackEvent.Type
    names, open_slices, sums, not_known = {}, {}, {}, 0
    now = 0
    for packet in trace.packet:
        not_known += unknown(packet)
        for name in packet.interned_data.event_names:
            names[name.iid] = name.name
        now = packet.timestamp
        event = packet.track_event
        if event.type == event_type.TYPE_SLICE_BEGIN:
            name = event.name or names.get(event.name_iid, "")
            open_slices.setdefault(event.track_uuid, []).append((name, now))
        elif event.type == event_type.TYPE_SLICE_END:
            name, since = open_slices[event.track_uuid].pop()
            sums[name] = sums.get(name, 0) + now - since
    print(json.dumps({"packets": len(trace.packet), "unknown": not_known, "ns": sums}))


main()
