"""The words that worlds are made of.

They are ours, not Faker's, whose lists change from version to version. A word that comes, goes or
moves changes every world: the tests hold them.
"""

from typing import Final, NamedTuple

# --- people --------------------------------------------------------------------------------------

FIRST_NAMES: Final = (
    "Aaron", "Aisha", "Alice", "Amit", "Anna", "Anton", "Beata", "Ben", "Carla", "Carlos",
    "Chen", "Chloe", "Claire", "Daniel", "Daria", "David", "Deepa", "Elena", "Emil", "Emma",
    "Erik", "Farid", "Fatima", "Felix", "Femi", "Gabriel", "Grace", "Greta", "Hana", "Hassan",
    "Helen", "Hugo", "Ines", "Ivan", "Jana", "Jonas", "Jorge", "Julia", "Kai", "Karin",
    "Kenji", "Laura", "Leo", "Lin", "Lucas", "Maria", "Marta", "Mei", "Mila", "Nadia",
    "Nils", "Nina", "Noah", "Olga", "Omar", "Oscar", "Paul", "Petra", "Priya", "Rachel",
    "Raj", "Rosa", "Samir", "Sara", "Sofia", "Stefan", "Tanja", "Tim", "Tomas", "Vera",
    "Victor", "Wei", "Yuki", "Zoe",
)  # fmt: skip

LAST_NAMES: Final = (
    "Abebe", "Adler", "Almeida", "Andersen", "Bakker", "Banerjee", "Becker", "Bianchi", "Brandt",
    "Brook", "Carter", "Castro", "Chang", "Costa", "Dahl", "Davies", "Diaz", "Dubois", "Ekberg",
    "Engel", "Farah", "Ferrari", "Fischer", "Flores", "Forster", "Garcia", "Gomez", "Gruber",
    "Gupta", "Hansen", "Hartmann", "Hayes", "Hoffmann", "Horvat", "Hughes", "Ibrahim", "Ito",
    "Jansen", "Jensen", "Kaya", "Keller", "Khan", "Kim", "Klein", "Kovacs", "Kowalski", "Kumar",
    "Lang", "Larsen", "Laurent", "Lehmann", "Lindgren", "Lopez", "Marino", "Marsh", "Mehta",
    "Meyer", "Moreau", "Mueller", "Murphy", "Nakamura", "Navarro", "Nguyen", "Nielsen", "Novak",
    "Okafor", "Olsen", "Ortega", "Osei", "Palmer", "Park", "Patel", "Pereira", "Petrov", "Popescu",
    "Quinn", "Ramos", "Reid", "Rossi", "Russo", "Sato", "Schmidt", "Schneider", "Silva", "Singh",
    "Sokolov", "Stone", "Suzuki", "Tanaka", "Torres", "Turner", "Vargas", "Vogel", "Walsh", "Wang",
    "Weber", "Winter", "Wolf", "Yilmaz", "Young", "Zhang", "Ziegler",
)  # fmt: skip

USER_IDS: Final = ("{f}{last}", "{f}{last}", "{first}.{last}", "{last}{f}")
"""How a company makes user ids of names; ``f`` is the first letter."""

# --- the company ---------------------------------------------------------------------------------

COMPANIES: Final = (
    "brightwater", "copperlake", "fernhill", "foxglove", "greenacre", "harbourline", "ironbridge",
    "kestrel", "larkspur", "lowfield", "millstone", "northgate", "norvik", "oakfield", "quayside",
    "ravenhall", "sandbank", "tallship", "westmoor", "whitcombe",
)  # fmt: skip

REGISTRIES: Final = (
    "registry.{domain}",
    "docker.{domain}",
    "docker-registry.{domain}:5000",
    "hub.{domain}/dcos",
    "nexus.{domain}:18443",
)

IMAGE_TAGS: Final = (
    "{{release}}",
    "{{release}}",
    "v{{release}}",
    "{{release}}-{{build}}",
    "{{build}}",
    "master-{{commit}}",
)
"""How teams tag their images: formats for Faker."""

PLACES: Final = (
    "eu", "us", "apac", "canary", "blue", "green", "staging", "internal", "b2b", "legacy", "beta",
    "uk", "nordics", "latam", "batch", "preview", "dr", "perf",
)  # fmt: skip
"""Folders between a team and its apps, once every team has apps."""

# --- what runs -----------------------------------------------------------------------------------


class Kind(NamedTuple):
    """What apps of a kind need.

    Attributes:
        port: where it listens; 0 where it does not.
        paths: where it says that it is healthy.
        haproxy: which load balancers lead to it.
        disk: sizes of its persistent volume in MiB; none where it keeps nothing.
    """

    cpus: tuple[float, ...]
    mem: tuple[int, ...]
    instances: tuple[int, ...] = (1,)
    port: int = 0
    paths: tuple[str, ...] = ()
    haproxy: tuple[str, ...] = ()
    disk: tuple[int, ...] = ()


class Service(NamedTuple):
    """Something that runs; built by its team, unless it has an image."""

    name: str
    kind: Kind
    image: str = ""
    port: int = 0


_API: Final = Kind(
    cpus=(0.25, 0.5, 0.5, 1),
    mem=(512, 1024, 1024, 2048),
    instances=(2, 2, 3, 4, 6),
    port=8080,
    paths=("/health", "/health", "/status", "/admin/healthcheck", "/actuator/health"),
    haproxy=("internal", "internal", "external"),
)
_WEB: Final = Kind(
    cpus=(0.1, 0.25, 0.5),
    mem=(128, 256, 512),
    instances=(2, 2, 3),
    port=3000,
    paths=("/", "/health", "/ping"),
    haproxy=("external",),
)
_WORKER: Final = Kind(cpus=(0.1, 0.25, 0.5, 1), mem=(256, 512, 1024), instances=(1, 2, 2, 4, 8))
_JOB: Final = Kind(cpus=(0.1, 0.1, 0.25, 2), mem=(256, 512, 2048))
_TOOL: Final = Kind(cpus=(0.1, 0.25), mem=(128, 256, 512), port=8080, haproxy=("internal",))
_CACHE: Final = Kind(cpus=(0.1, 0.25), mem=(512, 1024, 4096), port=6379)
_STORE: Final = Kind(cpus=(1, 2, 4), mem=(2048, 4096, 8192), port=5432, disk=(10240, 51200, 102400))
_BROKER: Final = Kind(cpus=(0.5, 1, 2), mem=(1024, 2048, 4096), instances=(1, 2, 3), port=8083)

_KINDS: Final = {"api": _API, "web": _WEB, "worker": _WORKER, "job": _JOB}


def _own(*services: str) -> tuple[Service, ...]:
    """Read ``name:kind``."""
    parts = [service.split(":") for service in services]
    return tuple(Service(name, _KINDS[kind]) for name, kind in parts)


COMMON: Final = (
    *_own("api:api", "web:web", "worker:worker", "admin:web", "gateway:api", "scheduler:job"),
    *_own("consumer:worker", "importer:job", "webhooks:api", "exporter:worker"),
    Service("redis", _CACHE, "redis:5.0.3-alpine", 6379),
    Service("postgres", _STORE, "postgres:11.2", 5432),
    Service("rabbitmq", _BROKER, "rabbitmq:3.7.13-management", 5672),
)
"""What any team that builds software may run."""

PRODUCTS: Final = {
    "billing": _own("invoices:api", "dunning:job", "tax:api", "pdf:worker"),
    "bookings": _own("availability:api", "seats:api", "reminders:job"),
    "catalog": _own("products:api", "categories:api", "image-resizer:worker", "feed-import:job"),
    "checkout": _own("cart:api", "vouchers:api", "cart-cleaner:job"),
    "claims": _own("intake:web", "assessment:worker", "documents:api"),
    "content": _own("cms:web", "publisher:worker", "translations:api"),
    "customers": _own("profiles:api", "addresses:api", "dedupe:job"),
    "fleet": _own("telemetry:worker", "routes:api", "geofence:api"),
    "fraud": _own("scoring:api", "rules:api", "watchlist:job"),
    "identity": _own("login:web", "sessions:api", "otp:api", "audit-trail:worker"),
    "inventory": _own("stock:api", "reservations:api", "recount:job"),
    "ledger": _own("postings:api", "closing:job", "reconciliation:worker"),
    "lending": _own("quotes:api", "schedules:job", "applications:web"),
    "loyalty": _own("points:api", "rewards:web", "expiry:job"),
    "marketing": _own("campaigns:api", "newsletter:job", "landing-pages:web"),
    "media": _own("transcoder:worker", "thumbnails:worker", "uploads:api"),
    "mobile": _own("bff:api", "push:worker", "app-config:api"),
    "notifications": _own("mailer:worker", "sms:worker", "templates:api"),
    "orders": _own("history:api", "splitter:worker", "archive:job"),
    "partners": _own("onboarding:web", "sftp-pickup:job", "edi:worker"),
    "payments": _own("settlement:worker", "card-vault:api", "refunds:api", "sepa-export:job"),
    "pricing": _own("discounts:api", "price-feed:worker", "forecast:job"),
    "ranking": _own("ranker:api", "features:worker", "trainer:job"),
    "reporting": _own("dashboards:web", "cubes:job", "extracts:worker"),
    "returns": _own("portal:web", "inspection:worker", "labels:api"),
    "search": _own("suggest:api", "indexer:worker", "synonyms:api"),
    "sensors": _own("ingest:api", "devices:api", "firmware:web"),
    "shipping": _own("tracking:api", "rates:api", "label-printer:worker", "carrier-sync:job"),
    "support": _own("tickets:api", "chat:web", "faq:web"),
    "warehouse": _own("picking:api", "packing:web", "robots:worker"),
}
"""Teams that build software, and what only they run."""

PLATFORMS: Final = {
    "ci": (
        Service("jenkins", _STORE, "jenkins/jenkins:2.164.1", 8080),
        Service("nexus", _STORE, "sonatype/nexus3:3.15.2", 8081),
        Service("registry", _STORE, "registry:2.7.1", 5000),
        Service("sonarqube", _STORE, "sonarqube:7.6-community", 9000),
    ),
    "data": (
        Service("kafka-connect", _BROKER, "confluentinc/cp-kafka-connect:5.1.2", 8083),
        Service("schema-registry", _BROKER, "confluentinc/cp-schema-registry:5.1.2", 8081),
        Service("kafka-rest", _BROKER, "confluentinc/cp-kafka-rest:5.1.2", 8082),
        Service("zeppelin", _TOOL, "apache/zeppelin:0.8.1", 8080),
        Service("minio", _STORE, "minio/minio:RELEASE.2019-03-13T21-59-47Z", 9000),
        *_own("spark-history:web", "etl:job", "lake-compaction:job"),
    ),
    "edge": (
        Service("marathon-lb", _BROKER, "mesosphere/marathon-lb:v1.12.3", 9090),
        Service("nginx", _TOOL, "nginx:1.15.9", 80),
        Service("traefik", _TOOL, "traefik:1.7.9-alpine", 80),
        *_own("auth-proxy:api", "error-pages:web"),
    ),
    "logging": (
        Service("kibana", _TOOL, "docker.elastic.co/kibana/kibana:6.6.2", 5601),
        Service("logstash", _BROKER, "docker.elastic.co/logstash/logstash:6.6.2", 5044),
        Service("elastic", _STORE, "docker.elastic.co/elasticsearch/elasticsearch:6.6.2", 9200),
        *_own("log-shipper:worker", "retention:job"),
    ),
    "monitoring": (
        Service("prometheus", _STORE, "prom/prometheus:v2.7.2", 9090),
        Service("alertmanager", _TOOL, "prom/alertmanager:v0.16.1", 9093),
        Service("grafana", _TOOL, "grafana/grafana:6.0.1", 3000),
        Service("pushgateway", _TOOL, "prom/pushgateway:v0.7.0", 9091),
        Service("blackbox-exporter", _TOOL, "prom/blackbox-exporter:v0.14.0", 9115),
    ),
    "security": (
        Service("keycloak", _BROKER, "jboss/keycloak:4.8.3.Final", 8080),
        Service("clair", _TOOL, "quay.io/coreos/clair:v2.0.8", 6060),
        *_own("cert-renewal:job", "secret-sync:worker"),
    ),
    "tools": (
        Service("adminer", _TOOL, "adminer:4.7.1", 8080),
        Service("mailhog", _TOOL, "mailhog/mailhog:v1.0.0", 8025),
        Service("swagger-ui", _TOOL, "swaggerapi/swagger-ui:v3.21.0", 8080),
        *_own("wiki:web", "ldap-sync:job"),
    ),
}
"""Teams that run the software of others, for everybody."""

# --- backups -------------------------------------------------------------------------------------

RELEASES: Final = (
    "1.10.0", "1.10.2", "1.10.5", "1.11.0", "1.11.3", "1.11.6", "1.12.0", "1.12.1", "1.12.3",
    "1.13.0", "1.13.3", "1.13.5", "2.0.0", "2.0.3", "2.1.0", "2.2.0",
)  # fmt: skip
"""Versions of DC/OS that a cluster may have had; there were no backups before 1.10."""

NIGHTLY_LABELS: Final = (
    "nightly",
    "nightly",
    "nightly-{day}",
    "nightly-{compact}",
    "nightly_{compact}",
    "nightly.{day}",
)
WEEKLY_LABELS: Final = ("weekly", "weekly", "weekly-{week}", "weekly-{day}", "weekly_{compact}")
UPGRADE_LABELS: Final = ("pre-upgrade", "pre-upgrade-{version}", "pre-upgrade_{version}")
MANUAL_LABELS: Final = ("before-{{change}}", "{{change}}", "{{uid}}-{{reason}}")

CHANGES: Final = (
    "cert-rotation", "db-migration", "disk-swap", "failover-test", "kafka-move", "lb-change",
    "network-change", "new-masters", "node-drain", "os-patches", "quota-change", "release",
    "team-move", "vip-cleanup", "zk-cleanup",
)  # fmt: skip
REASONS: Final = ("test", "tmp", "keep", "check", "demo")

TROUBLES: Final = (
    "no space left on device",
    "no space left on device",
    # Marathon's own sentences (source: its LeaderProxyFilter and the bug MARATHON-8112)
    "Could not determine the current leader",
    "Could not determine the current leader",
    "Connection to leader refused.",
    "the store must be opened before it can be used",
    # what Admin Router answers while Marathon is away (source)
    "502 Bad Gateway",
    # what is known to have happened, in words of ours (DCOS-57704; Marathon's 180 s)
    "exhibitor: remote error: tls: bad certificate",
    "Marathon did not elect a leader within 3m0s",
    "timed out waiting for Marathon to come back",
)
"""Why a backup failed. The real service's texts are unknown."""
