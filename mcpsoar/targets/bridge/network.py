"""Networks as regular expressions over the text of an address: exact, and the same on every engine.

No engine's own type of address is asked: DuckDB's needs a download, others refuse whole queries for one text
that is no address. `10.1.2.300` is in no network; IPv6 is found however it is spelled (zeros, `::`, case, a
dotted end). Texts are compared in lower case. A zone (`%eth0`) is no address.
"""

from ipaddress import IPv4Network, IPv6Network

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_GROUP = "[0-9a-f]{1,4}"
_GROUPS = 8


def pattern(network: IPv4Network | IPv6Network) -> str:
    """What a whole text must match, in lower case, to be an address of this network."""
    if isinstance(network, IPv4Network):
        return f"^{_dotted(int(network.network_address), network.prefixlen)}$"
    return f"^(?:{'|'.join(_spellings(network))})$"


def _dotted(address: int, length: int) -> str:
    octets = []
    for place in range(4):
        low, high = _bounds(address, length, place, bits=8, places=4)
        if (low, high) == (0, 255):
            octets.append(_OCTET)
        else:
            octets.append(_either([str(number) for number in range(low, high + 1)]))
    return r"\.".join(octets)


def _spellings(network: IPv6Network) -> list[str]:
    """One alternative for each place and length of `::`, with and without a dotted end."""
    address, length = int(network.network_address), network.prefixlen
    groups = [_group(*_bounds(address, length, place, bits=16, places=8)) for place in range(_GROUPS)]
    zero = [_bounds(address, length, place, bits=16, places=8)[0] == 0 for place in range(_GROUPS)]
    dotted = _dotted(address & 0xFFFFFFFF, max(0, length - 96))
    made = [":".join(groups), ":".join([*groups[:6], dotted])]
    for left in range(_GROUPS):
        tails = []
        for right in range(_GROUPS - left):
            if all(zero[left : _GROUPS - right]):
                tail = groups[_GROUPS - right :]
                tails.append(":".join(tail))
                if right >= 2:
                    tails.append(":".join([*tail[:-2], dotted]))
        if tails:
            made.append(f"{':'.join(groups[:left])}::{_either(tails)}")
    return made


def _bounds(address: int, length: int, place: int, *, bits: int, places: int) -> tuple[int, int]:
    """The lowest and highest number that one part of an address of the network can have."""
    fixed = min(max(length - place * bits, 0), bits)
    low = (address >> (bits * (places - 1 - place))) & ((1 << bits) - 1)
    return low, low | ((1 << (bits - fixed)) - 1)


def _group(low: int, high: int) -> str:
    """The hexadecimal numbers from low to high, which share their leading bits, with any leading zeros."""
    if (low, high) == (0, 0xFFFF):
        return _GROUP
    digits = [_digit(*pair) for pair in zip(_nibbles(low), _nibbles(high), strict=True)]
    spelled = ["".join(digits)]
    while len(digits) > 1 and _nibbles(low)[4 - len(digits)] == 0:
        digits = digits[1:]
        spelled.append("".join(digits))
    return _either(spelled)


def _nibbles(number: int) -> list[int]:
    return [(number >> shift) & 15 for shift in (12, 8, 4, 0)]


def _digit(low: int, high: int) -> str:
    if low == high:
        return f"{low:x}"
    return "[" + "".join(f"{one:x}" for one in range(low, high + 1)) + "]"


def _either(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"(?:{'|'.join(choices)})"
