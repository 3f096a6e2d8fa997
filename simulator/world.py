"""Realistic content for a cluster, made up by Faker from the cluster's seed."""

from simulator.chance import SeededChance
from simulator.core.marathon import App, app_from

USERNAME = "bootstrapuser"
"""The user that every fake cluster starts with. Source: docs, Enterprise installation defaults."""

PASSWORD = "deleteme"  # noqa: S105 - documented default of a fresh cluster
"""That user's documented password."""


def made_up_apps(chance: SeededChance, count: int) -> tuple[App, ...]:
    """Make ``count`` apps with plausible names, images and resources, all different."""
    # Imported here: Faker takes 60 ms to import, which only users of names should pay.
    from faker.providers.lorem.en_US import Provider as Words  # noqa: PLC0415

    fake = chance.faker("apps")
    words = Words(fake)

    def word() -> str:
        return str(words.word()).lower()  # some are "PM" or "TV", which Marathon refuses

    apps: dict[str, App] = {}
    while len(apps) < count:
        group, name = word(), word()
        app_id = f"/{group}/{name}"
        if app_id in apps:
            app_id = f"{app_id}-{len(apps)}"
        version = f"{fake.random.randint(0, 4)}.{fake.random.randint(0, 20)}"
        app = app_from(
            {
                "id": app_id,
                "container": {
                    "type": "MESOS",
                    "docker": {"image": f"registry.example/{group}/{name}:{version}"},
                },
                "instances": fake.random.randint(1, 5),
                "cpus": fake.random.choice([0.1, 0.25, 0.5, 1, 2]),
                "mem": fake.random.choice([64, 128, 256, 512, 1024, 2048]),
                "env": {"RELEASE": version},
                "labels": {"owner": word()},
            }
        )
        apps[app.id] = app
    return tuple(apps.values())
