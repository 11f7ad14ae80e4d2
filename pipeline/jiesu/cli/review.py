"""`jiesu review`: what supervisors decided, and what they should look at again."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from jiesu.cli.storing import StoreOption, opened, optional_moment

app = typer.Typer(help="What supervisors decided, and what to look at again.", no_args_is_help=True)

Since = Annotated[str | None, typer.Option(metavar="DATE", help="Decided on or after this date.")]
Until = Annotated[str | None, typer.Option(metavar="DATE", help="Decided before this date.")]


@app.command("export")
def export(
    output: Annotated[
        Path, typer.Argument(metavar="OUT", help="A jsonl, csv or xlsx file to write.")
    ],
    since: Since = None,
    until: Until = None,
    only: Annotated[
        str,
        typer.Option(help="all, changed (where a verdict was corrected) or objections (by units)."),
    ] = "all",
    store: StoreOption = None,
) -> None:
    """Write reviewed appeals as training rows: redacted text, the answer that stands, by whom.

    As jsonl, `jiesu train` reads the columns type, unit and disposition, and `jiesu objections`
    the units before and after. Appeals whose reviewers differ wait for a third view.

    \b
    Examples:
      jiesu review export rows.jsonl
      jiesu review export 更正.xlsx --only changed --since 2026-11-01
      jiesu review export 异议.jsonl --only objections
    """
    begin = optional_moment(since, option="--since")
    end = optional_moment(until, option="--until")
    with opened(store) as found:
        from jiesu.review.export import export as write

        count = write(found, output, since=begin, until=end, only=only)  # type: ignore[arg-type]
    typer.echo(f"{count} rows → {output.name}", err=True)


@app.command("draw")
def draw(
    second: Annotated[
        float, typer.Option(min=0, max=1, help="Share of decided cases for a blind second view.")
    ] = 0.0,
    audits: Annotated[
        float, typer.Option(min=0, max=1, help="Share of automatic decisions to audit.")
    ] = 0.0,
    since: Since = None,
    seed: Annotated[
        str | None, typer.Option(help="The same seed draws the same again; else it is random.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Draw cases for a second view or an audit, beside those that the service draws.

    \b
    Examples:
      jiesu review draw --audits 0.05 --since 2026-11-01
    """
    begin = optional_moment(since, option="--since")
    chosen, now = seed or secrets.token_hex(16), datetime.now(UTC)
    with opened(store) as found:
        seconds = found.reviews.sample_second(second, chosen, now=now, since=begin)
        audited = found.reviews.sample_audits(audits, chosen, now=now, since=begin)
    typer.echo(f"{seconds} second views, {audited} audits", err=True)


@app.command("check")
def check(
    appeal: Annotated[str, typer.Argument(metavar="ID", help="A stored appeal.")],
    type: Annotated[str | None, typer.Option(help="Its right type, as a code.")] = None,
    function: Annotated[str | None, typer.Option(help="Its right function unit.")] = None,
    disposition: Annotated[str | None, typer.Option(help="Its right disposition.")] = None,
    copies: Annotated[int, typer.Option(min=1, max=100, help="For how many supervisors.")] = 1,
    store: StoreOption = None,
) -> None:
    """Put an appeal with a known answer into the queue, to see who finds it.

    \b
    Examples:
      jiesu review check sample-008 --type complaint --copies 3
    """
    given = {"type": type, "function": function, "disposition": disposition}
    expected: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    with opened(store) as found:
        cases = found.reviews.seed_check(appeal, expected, now=datetime.now(UTC), copies=copies)
    typer.echo(f"{len(cases)} checks", err=True)


@app.command("agreement")
def agreement(since: Since = None, until: Until = None, store: StoreOption = None) -> None:
    """Print agreement, overrides, audits and checks of a period as JSON, with intervals.

    \b
    Examples:
      jiesu review agreement --since 2026-11-01 | jq .audits.total.bound
    """
    begin = optional_moment(since, option="--since")
    end = optional_moment(until, option="--until")
    with opened(store) as found:
        reviews = list(found.reviews.iterate(since=begin, until=end))
        answers = found.reviews.answers()
        names = {user.id: user.name for user in found.users.list()}
    from jiesu.review.agreement import agreements, overrides
    from jiesu.review.audits import audit_bounds
    from jiesu.review.checks import check_rates

    overruled, checks = overrides(reviews), check_rates(reviews, answers)
    result = {
        "reviews": len(reviews),
        "agreement": [asdict(one) for one in agreements(reviews)],
        "overrides": asdict(overruled) | {"reviewers": _named(overruled.reviewers, names)},
        "audits": asdict(audit_bounds(reviews)),
        "checks": _named(checks, names),
    }
    typer.echo(json.dumps(result, ensure_ascii=False))


def _named(rates: dict[int, Any], names: dict[int, str]) -> dict[str, Any]:
    return {names.get(user, str(user)): asdict(rate) for user, rate in rates.items()}
