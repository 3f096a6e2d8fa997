"""Made-up apps: what the teams of one company run on Marathon.

Team by team, a few services each, in a folder with the team's name. When every team has its apps,
they open more places (``/payments/eu/api``), so names never run out.
"""

from collections.abc import Iterator
from itertools import count as counted
from itertools import islice
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from simulator.chance import SeededChance
from simulator.core.marathon import App
from simulator.world import words
from simulator.world.provider import CompanyProvider, provider_of
from simulator.world.users import User, users
from simulator.world.words import Service

Json = dict[str, Any]

SERVICES_OF_A_TEAM: Final = (3, 7)
OWNERS_OF_A_TEAM: Final = 2

_LOG_LEVELS: Final = ("INFO", "INFO", "INFO", "WARN", "DEBUG")
_STACKS: Final = ("java", "java", "node", "python", "go")


class Team(NamedTuple):
    """Who runs a group of apps, and how they build theirs.

    Attributes:
        uids: its people; whoever deploys an app owns it.
        stack: what it writes programs in.
        tag: how it tags images, as a format for Faker.
    """

    name: str
    uids: tuple[str, ...]
    stack: str
    tag: str


def first_apps(chance: SeededChance, count: int) -> tuple[App, ...]:
    """Return the first ``count`` of all apps."""
    return tuple(islice(_apps(chance), count))


def _apps(chance: SeededChance) -> Iterator[App]:
    """Yield apps without end; every id comes once."""
    fake = provider_of(chance, "apps")
    domain = f"{fake.company()}.example"
    registry = fake.pick(words.REGISTRIES).format(domain=domain)
    people = users(chance)
    teams: dict[str, Team] = {}
    for place in _places():
        waiting = [*words.PRODUCTS, *words.PLATFORMS]
        while waiting:
            name = fake.take(waiting)
            team = teams.get(name) or _new_team(fake, name, people)
            teams[name] = team
            for service in _some_services(fake, name):
                app_id = f"/{name}{place}/{service.name}"
                definition = _definition(fake, app_id, service, team, registry, domain)
                yield App(id=app_id, definition=MappingProxyType(definition))


def _places() -> Iterator[str]:
    """Yield a folder for each round through the teams; none for the first."""
    yield ""
    yield from (f"/{place}" for place in words.PLACES)
    for number in counted(2):
        yield from (f"/{place}{number}" for place in words.PLACES)


def _new_team(fake: CompanyProvider, name: str, people: Iterator[User]) -> Team:
    uids = tuple(user.uid for user in islice(people, OWNERS_OF_A_TEAM))
    return Team(name, uids, fake.pick(_STACKS), fake.pick(words.IMAGE_TAGS))


def _some_services(fake: CompanyProvider, team: str) -> Iterator[Service]:
    """Yield different services; one that only this team has comes first."""
    special = words.PLATFORMS.get(team) or words.PRODUCTS[team]
    common = words.COMMON if team in words.PRODUCTS else ()
    size = min(fake.between(*SERVICES_OF_A_TEAM), len(special) + len(common))
    first = fake.pick(special)
    yield first
    waiting = [service for service in (*special, *common) if service is not first]
    for _ in range(size - 1):
        yield fake.take(waiting)


def _definition(
    fake: CompanyProvider, app_id: str, service: Service, team: Team, registry: str, domain: str
) -> Json:
    kind = service.kind
    mem = fake.pick(kind.mem)
    tag = "" if service.image else fake.spell(team.tag)
    image = service.image or f"{registry}/{team.name}/{service.name}:{tag}"
    container: Json = {"type": "MESOS", "docker": {"image": image}}
    labels = {"owner": fake.pick(team.uids), "team": team.name}
    definition: Json = {
        "id": app_id,
        "instances": fake.pick(kind.instances),
        "cpus": fake.pick(kind.cpus),
        "mem": mem,
        "container": container,
        "env": {} if service.image else _environment(fake, team, tag, mem),
        "labels": labels,
    }
    if kind.port:
        port = service.port or kind.port
        vip = app_id.strip("/").replace("/", "-")
        mapping = {"containerPort": port, "hostPort": 0, "labels": {"VIP_0": f"/{vip}:{port}"}}
        container["portMappings"] = [mapping]
        definition["networks"] = [{"mode": "container/bridge"}]
        definition["healthChecks"] = [_health_check(fake, service)]
    if kind.haproxy:
        labels["HAPROXY_GROUP"] = fake.pick(kind.haproxy)
        labels["HAPROXY_0_VHOST"] = f"{'.'.join(reversed(app_id.strip('/').split('/')))}.{domain}"
    if kind.disk:
        volume = {"size": fake.pick(kind.disk)}
        container["volumes"] = [{"containerPath": "data", "mode": "RW", "persistent": volume}]
        definition["upgradeStrategy"] = {"minimumHealthCapacity": 0, "maximumOverCapacity": 0}
    return definition


def _environment(fake: CompanyProvider, team: Team, tag: str, mem: int) -> dict[str, str]:
    """Return what a team's own program is told."""
    environment = {"RELEASE": tag, "LOG_LEVEL": fake.pick(_LOG_LEVELS)}
    match team.stack:
        case "java":
            environment["JAVA_OPTS"] = f"-Xmx{mem * 3 // 4}m"
        case "node":
            environment["NODE_ENV"] = "production"
        case "python":
            environment["WEB_CONCURRENCY"] = str(fake.between(2, 4))
        case _:
            environment["GOMAXPROCS"] = str(fake.between(1, 2))
    return environment


def _health_check(fake: CompanyProvider, service: Service) -> Json:
    """Return a check of a path where the team has written one, else of the port."""
    check: Json = {"protocol": "MESOS_TCP", "portIndex": 0}
    if service.kind.paths and not service.image:
        check = {"protocol": "MESOS_HTTP", "path": fake.pick(service.kind.paths), "portIndex": 0}
    return {
        **check,
        "gracePeriodSeconds": fake.pick((60, 120, 300)),
        "intervalSeconds": 10,
        "timeoutSeconds": 5,
        "maxConsecutiveFailures": 3,
    }
