"""Prints where librdkafka puts 10,240 pseudo-random keys: the partitions of its
partitioners consistent, murmur2 and fnv1a for a pseudo-random partition count.
tests/partitioners.rs makes the same keys from the same seed and compares.

Run with the shared library of librdkafka, which Python's confluent-kafka wheel
brings along:
    python3 partition_vectors.py librdkafka.so.1 > librdkafka.txt
"""

import ctypes
import sys

MASK = (1 << 64) - 1
state = 0x6B61666B61


def draw():
    """SplitMix64."""
    global state
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def main():
    library = ctypes.CDLL(sys.argv[1])
    chosen = []
    for name in ("consistent", "murmur2", "fnv1a"):
        function = getattr(library, "rd_kafka_msg_partitioner_" + name)
        function.restype = ctypes.c_int32
        function.argtypes = [
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ]
        chosen.append(function)
    for _ in range(10_240):
        key = bytes(draw() & 0xFF for _ in range(draw() % 67))
        partitions = 1 + draw() % 1000
        print(*(choose(None, key, len(key), partitions, None, None) for choose in chosen))


main()
