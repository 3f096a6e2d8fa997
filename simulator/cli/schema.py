"""``dcos-sim schema``: the JSON Schemas of scenario files, client profiles and reports."""

import rich_click as click

from simulator.harness.schemas import SCHEMAS, schema_text


@click.command("schema")
@click.argument("kind", type=click.Choice(list(SCHEMAS)), default="scenario")
def command(kind: str) -> None:
    """Print the JSON Schema of scenario files, client profiles or JSON reports.

    Editors complete and check with it.
    """
    click.echo(schema_text(kind), nl=False)
