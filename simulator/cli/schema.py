"""``dcos-sim schema``: the JSON Schema of scenario files."""

import rich_click as click

from simulator.harness.language.schema import scenario_schema_text


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of scenario files. Editors complete and check with it."""
    click.echo(scenario_schema_text(), nl=False)
