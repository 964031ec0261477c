"""Groups within groups, changed at random between cycles: the target always ends with what a naive reading wants."""

import random

import pytest

from support.nested_groups import differences, set_policy

PEOPLE = [f"p{number}@x" for number in range(6)]
GROUPS = [f"G{number}" for number in range(6)]


class Chance:
    """One organisation that changes by a seed; nothing is changed that the directory would refuse."""

    def __init__(self, world, seed):
        self.world, self.org = world, world.organisation
        self.random = random.Random(seed)
        self.deleted, self.purged, self.assigned = set(), set(), set()
        self.nested = self.random.choice(["direct", "flatten"])
        self.edges = set()
        self.org.users(PEOPLE)
        self.org.groups(GROUPS)
        set_policy(world, self.nested)
        for _ in range(8):
            self.join()
        for _ in range(2):
            self.assign()

    def step(self):
        """One change of any kind."""
        likely = [self.join] * 4 + [self.leave] * 4 + [self.assign, self.unassign, self.able] * 2
        self.random.choice([*likely, self.delete, self.restore, self.restore, self.purge, self.policy])()

    def alive(self, kind):
        names = PEOPLE if kind == "user" else GROUPS
        return [one for one in names if (kind, one) not in self.deleted | self.purged]

    def there(self, kind):
        return [one for one in (PEOPLE if kind == "user" else GROUPS) if (kind, one) not in self.purged]

    def join(self):
        kind = self.random.choice(["user", "group", "group"])
        group, member = self.pick(self.there("group")), self.pick(self.there(kind))
        if group and member:
            self.org.join(group, member, kind)
            self.edges.add((group, member, kind))

    def leave(self):
        if self.edges:
            edge = self.random.choice(sorted(self.edges))
            self.edges.discard(edge)
            self.org.leave(*edge)

    def assign(self):
        kind = self.random.choice(["user", "group", "group", "group"])
        if name := self.pick(self.alive(kind)):
            self.org.assign(name, kind=kind)
            self.assigned.add((kind, name))

    def unassign(self):
        if self.assigned:
            kind, name = self.random.choice(sorted(self.assigned))
            self.assigned.discard((kind, name))
            self.org.unassign(name, kind=kind)

    def able(self):
        if name := self.pick(self.alive("user")):
            self.org.change(name, accountEnabled=self.random.random() < 0.6)

    def delete(self):
        kind = self.random.choice(["user", "group"])
        if name := self.pick(self.alive(kind)):
            self.org.delete(name, kind)
            self.deleted.add((kind, name))

    def restore(self):
        if self.deleted - self.purged:
            kind, name = self.random.choice(sorted(self.deleted - self.purged))
            self.org.restore(name, kind)
            self.deleted.discard((kind, name))

    def purge(self):
        kind = self.random.choice(["user", "group"])
        if name := self.pick(self.there(kind)) if self.random.random() < 0.5 else None:
            self.world.purge(name, kind)
            self.purged.add((kind, name))
            self.edges = {edge for edge in self.edges if name not in edge}
            self.assigned.discard((kind, name))

    def policy(self):
        self.nested = "direct" if self.nested == "flatten" else "flatten"
        set_policy(self.world, self.nested)

    def pick(self, names):
        return self.random.choice(names) if names else None


def live(world, seed, steps):
    chance = Chance(world, seed)
    for number in range(steps):
        assert world.run().state == "succeeded"
        assert differences(world, chance.nested) == {}, f"after step {number} of seed {seed}, {chance.nested}"
        for _ in range(chance.random.choice([1, 1, 2, 4])):
            chance.step()


@pytest.mark.parametrize("seed", range(4))
def test_any_change_leads_to_what_the_directory_wants(make_world, seed):
    live(make_world(), seed, 12)


@pytest.mark.test_rows(5)
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_any_change_leads_to_what_the_directory_wants_for_long(make_world, seed):
    live(make_world(scope="assigned" if seed % 3 else "all"), seed, 40)
