"""Rooms that are told what earlier runs saw."""

from typing import Any

from mcpsoar.connectors.in_oauth.memory import Memory
from mcpsoar.core.digest import Facts
from mcpsoar.kit.rooms import Rooms


class Recalling(Rooms):
    """`Rooms` with a `recall`, as the port has it."""

    def __init__(self, memory: Memory, *rooms: Any, **options: Any) -> None:
        super().__init__(*rooms, **options)
        self._memory = memory

    def recall(self, looked: Facts, did: Facts, seen: Facts) -> None:
        self._memory.recall(looked, did, seen)
