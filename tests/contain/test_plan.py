"""Plans: names, order, both ways, and digests."""

from dataclasses import replace

import pytest

from mcpsoar.contain import plan
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction, Plan, Playbook, StepSpec, Undo

ODD = [
    "",
    ".",
    "..",
    "../x",
    "a/b",
    'a"b',
    "a'b",
    "a b",
    "a\x1b[31m",
    "a\nb",
    "a\x00",
    "-rf",
    "a\u202eb",
    "gіthub",
    "a%2fb",
    "a\\b",
    "x" * 129,
]


@pytest.mark.parametrize("name", ODD)
def test_an_odd_name_is_refused_and_shown_harmlessly(name: str) -> None:
    with pytest.raises(Usage) as caught:
        plan.servers([name])
    assert caught.value.message.isascii()
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("name", ["github", "files-mcp", "com.example.server", "a@1.2+3", "x" * 128, "7"])
def test_a_plain_name_stays_as_it_was_typed(name: str) -> None:
    assert plan.servers([name, name]) == (name,)


def test_no_name_is_no_plan() -> None:
    with pytest.raises(Usage):
        plan.servers([])


def spec(name: str, *after: str, shared: bool = False) -> StepSpec:
    return StepSpec(name, name, f"registry.{name}", "registry", Undo.EXACT, after, shared, "why")


def made(
    *specs: StepSpec, direction: Direction = Direction.APPLY, servers: tuple[str, ...] = ("a", "b")
) -> Plan:
    playbook = Playbook("p", "P", specs, "sha256:0", "p.yml")
    return plan.make(playbook, servers, direction=direction, bindings={}, canaries=("canary",))


def waits(of: Plan) -> dict[str, set[str]]:
    return {step.id: set(step.after) for step in of.steps}


def test_a_step_waits_for_its_own_server_and_for_what_is_shared() -> None:
    assert waits(made(spec("one"), spec("two", "one"), spec("all", "two", shared=True))) == {
        "one:a": set(),
        "one:b": set(),
        "two:a": {"one:a"},
        "two:b": {"one:b"},
        "all": {"two:a", "two:b"},
        "canary:a": {"one:a", "two:a", "all"},
        "canary:b": {"one:b", "two:b", "all"},
    }


def test_what_is_left_out_is_waited_for_by_nobody() -> None:
    optional = replace(spec("one"), optional=True)
    playbook = Playbook("p", "P", (optional, spec("two", "one")), "sha256:0", "p.yml")
    found = [
        plan.make(playbook, ("a",), direction=way, bindings={}, canaries=("canary",), without=("one",))
        for way in Direction
    ]
    assert [waits(one) for one in found] == [{"two:a": set(), "canary:a": {"two:a"}}] * 2


def test_a_release_goes_the_other_way_and_lifts_what_is_shared_last() -> None:
    undone = waits(
        made(spec("all", shared=True), spec("one", "all"), spec("two", "one"), direction=Direction.UNDO)
    )
    assert undone["two:a"] == set()
    assert undone["one:a"] == {"two:a"}
    assert undone["all"] == {"one:a", "one:b", "two:a", "two:b"}


def test_the_digest_is_of_what_will_be_done() -> None:
    base = made(spec("one"))
    assert base.digest == made(spec("one")).digest
    assert base.digest != made(spec("one"), direction=Direction.UNDO).digest
    assert base.digest != made(spec("one"), servers=("a",)).digest
    assert base.digest != replace(base, bindings={"registry": {"url": "https://other.example.com"}}).digest


def acting(action: str, *names: str, direction: Direction = Direction.APPLY) -> Plan:
    one = StepSpec("one", "one", action, action.partition(".")[0], Undo.EXACT, (), shared=False, why="why")
    return plan.make(
        Playbook("p", "P", (one,), "sha256:0", "p.yml"),
        names,
        direction=direction,
        bindings={},
        canaries=("canary",),
    )


@pytest.mark.parametrize(
    ("action", "name", "spelt"),
    [
        ("registry.disable_tool", "github", "tool:TOOL@SERVER"),
        ("registry.disable_tool", "tool:delete", "tool:TOOL@SERVER"),
        ("registry.disable_tool", "tool:@github", "tool:TOOL@SERVER"),
        ("registry.disable_tool", "principal:github", "tool:TOOL@SERVER"),
        ("tokens.revoke_principal", "github", "principal:NAME"),
        ("tokens.revoke_principal", "principal:", "principal:NAME"),
        ("registry.disable", "tool:delete@github", "SERVER"),
        ("tokens.revoke", "principal:github", "SERVER"),
    ],
)
def test_a_name_of_another_sort_is_refused_with_the_spelling(action: str, name: str, spelt: str) -> None:
    with pytest.raises(Usage, match=f"wants {spelt}$"):
        acting(action, name)


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("registry.disable_tool", "tool:delete@a@1.2"),
        ("tokens.revoke_principal", "principal:bob@example.com"),
    ],
)
def test_what_is_no_server_has_steps_and_no_canary(action: str, name: str) -> None:
    assert plan.servers([name]) == (name,)
    assert [step.id for step in acting(action, name).steps] == [f"one:{name}"]


def test_a_release_of_several_sorts_leaves_each_step_to_its_own() -> None:
    undone = acting("registry.disable_tool", "tool:x@a", "a", direction=Direction.UNDO)
    assert [step.id for step in undone.steps] == ["one:tool:x@a", "canary:a"]
