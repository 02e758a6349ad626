"""Visitors of a Next.js 16 application, as a browser asks: facts of the wire, one request a line.

A page in view makes some ten prefetches of segments, its first visit some chunks of scripts and
some pictures; the shares below are those of the wire of `next start` with Chromium.
"""

import functools
import itertools
import random

from proof import Ask

PAGES, CHUNKS, IMAGES = 300, 60, 200
SHARES = {"document": 15, "rsc": 10, "segment": 35, "chunk": 25, "image": 15}
SAMPLED = 20_000

AGENT = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
                       "Chrome/156.0.0.0 Safari/537.36")
COMMON = (AGENT, ("Accept-Encoding", "gzip, deflate, br, zstd"),
          ("Accept-Language", "en-US,en;q=0.9"))
# Whichever a peer has; small ones stay as they are.
ANY = "br|zstd|gzip|"
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
TREE = ("%5B%22%22%2C%7B%22children%22%3A%5B%22__PAGE__%22%2C%7B%7D%2Cnull%2Cnull%2C0%5D%7D%2C"
        "null%2Cnull%2C16%5D")


def document(key):
    return Ask(f"/p/{key}", (*COMMON, ("Accept", HTML), ("Sec-Fetch-Dest", "document"),
                             ("Sec-Fetch-Mode", "navigate"), ("Upgrade-Insecure-Requests", "1")),
               ANY)


def rsc(key):
    return Ask(f"/p/{key}?_rsc=vusbg1xxe9fmyq5n",
               (*COMMON, ("Accept", "*/*"), ("RSC", "1"), ("Next-Router-State-Tree", TREE),
                ("Next-Url", "/links")), ANY)


def segment(key):
    return Ask(f"/p/{key}?_rsc=m3uBOsJdzrgzqUQz",
               (*COMMON, ("Accept", "*/*"), ("RSC", "1"), ("Next-Router-Prefetch", "1"),
                ("Next-Router-Segment-Prefetch", "/_tree"), ("Next-Url", "/links")), ANY)


def chunk(key):
    return Ask(f"/_next/static/chunks/{key}.js",
               (*COMMON, ("Accept", "*/*"), ("Sec-Fetch-Dest", "script")), ANY)


def image(key):
    accept = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
    return Ask(f"/_next/image?url=%2Fpic{key}.png&w=640&q=75",
               (*COMMON, ("Accept", accept), ("Sec-Fetch-Dest", "image")))


KINDS = {"document": (document, PAGES), "rsc": (rsc, PAGES), "segment": (segment, PAGES),
         "chunk": (chunk, CHUNKS), "image": (image, IMAGES)}


def every():
    """Each request once."""
    return [make(key) for make, count in KINDS.values() for key in range(count)]


def visits():
    """As they come: kinds by their shares, keys by Zipf's law."""
    chance = random.Random(1)
    kinds = chance.choices(list(SHARES), SHARES.values(), k=SAMPLED)
    return [KINDS[kind][0](zipf(chance, KINDS[kind][1])) for kind in kinds]


def zipf(chance, count):
    """The first key twice as often as the second, thrice as often as the third."""
    return chance.choices(range(count), cum_weights=weights(count))[0]


@functools.cache
def weights(count):
    return list(itertools.accumulate(1 / rank for rank in range(1, count + 1)))
