"""``dcos-sim schema``: the JSON Schema of scenario files and of client profiles."""

import rich_click as click

from simulator.harness.language.schema import SCHEMAS, schema_text


@click.command("schema")
@click.argument("kind", type=click.Choice(list(SCHEMAS)), default="scenario")
def command(kind: str) -> None:
    """Print the JSON Schema of scenario files, or of client profiles.

    Editors complete and check with it.
    """
    click.echo(schema_text(kind), nl=False)
