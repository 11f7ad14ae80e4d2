"""A pretrained encoder small enough to fine-tune in a test, and what it is fine-tuned on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jiesu.heads.pieces import unigram_tokenizer
from jiesu.learn.encoder.config import EncoderConfig
from jiesu.learn.rows import words_only
from jiesu.schema import Appeal
from jiesu.text.normalise import normalise

WIDE, LAYERS = 32, 2
WHO = ["你们物业", "供热站的", "那个科长", "窗口那女的", "你们这帮人", "坐席你", "修梯的", "居委会"]
INSULTS = ["就是一群废物", "都是饭桶", "真是蠢猪", "简直是畜生", "不过是条狗"]
MATTERS = ["路灯坏了没人修", "暖气不热", "公交车不来", "垃圾没人清", "停水三天了", "电梯停了"]
SAID = ["保安骂我", "邻居冲我喊", "司机当众说我", "老板骂工人"]


def said(count: int = 120) -> list[dict[str, Any]]:
    """Return invented appeals: half with an insult of the caller's own, half with another's."""
    found = []
    for number in range(count):
        who, insult = WHO[number % 8], INSULTS[number % 5]
        matter, tail = MATTERS[number % 6], f"已经{'一二三四五六七八九十'[number % 10]}天了"
        own = number % 2 == 1
        words = f"{who}{insult}" if own else f"{SAID[number % 4]}“{insult}”"
        found.append(
            {
                "id": f"s{number}",
                "text": f"{matter}，{words}，{tail}，请派人处理{number // 10 * '吧'}",
                "flags": [{"kind": "abuse", "text": words}] if own else [],
                "disposition": "normal",
            }
        )
    return found


def write_base(folder: Path, appeals: list[Appeal]) -> Path:
    """Write a Hugging Face folder: a random BERT over the characters of some appeals."""
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    text = normalise([words_only(appeal).text for appeal in appeals]).text
    text += normalise([row["text"] for row in said()]).text
    characters = sorted(set(text) - {"\0"})
    words = ["路灯", "暖气", "电梯", "物业", "公交", "停水"]
    special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    vocabulary = [
        *special,
        ("▁", -3.0),
        *((char, -8.0) for char in characters),
        *((word, -7.0) for word in words),
    ]
    unigram_tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=WIDE,
        num_hidden_layers=LAYERS,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        pad_token_id=1,
    )
    import torch

    torch.manual_seed(1)
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def write_data(folder: Path, samples: str) -> Path:
    """Write the files that the config names."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "appeals.jsonl").write_text(samples, "utf-8")
    lines = [json.dumps(row, ensure_ascii=False) for row in said()]
    (folder / "said.jsonl").write_text("\n".join(lines), "utf-8")
    (folder / "lines.tsv").write_text(
        "".join(f"abuse\t{who}⟦{insult}⟧\n" for who in WHO for insult in INSULTS)
        + "".join(f"none\t{matter}{n}天\n" for n, matter in enumerate(MATTERS)),
        "utf-8",
    )
    return folder


def encoder_config(base: Path, **changes: Any) -> EncoderConfig:
    """Return a config that fine-tunes in seconds."""
    values: dict[str, Any] = {
        "base": str(base),
        "data": "data",
        "output": "out",
        "jurisdiction": "haikou-2018",
        "heads": {
            "type": {"sources": [{"path": "appeals.jsonl", "label": "type"}]},
            "unit": {"sources": [{"path": "appeals.jsonl", "label": "unit"}]},
        },
        "conduct": {
            "authored": ["said.jsonl"],
            "lines": ["lines.tsv"],
            "negatives": {"appeals.jsonl": 1000},
        },
        "hold": {
            "appeals.jsonl": {"share": 0.35, "by": "groups"},
            "said.jsonl": {"share": 0.3, "by": "groups"},
        },
        "pieces": 96,
        "batch": 1024,
        "epochs": 3,
        "rate": 3e-3,
        "head_rate": 1e-2,
        "save_every": 5,
    }
    return EncoderConfig.model_validate(values | changes)
