"""system.json from bytes to a checked SystemConfig: every fault found is reported, each with its path."""

from __future__ import annotations

import difflib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bot3.config.model import SystemConfig
from bot3.errors import ConfigError

__all__ = ["load_config", "parse_config"]

_SIZE_MAX = 1 << 20


def load_config(path: Path) -> SystemConfig:
    """Reads and checks a configuration file. Raises ConfigError with all faults."""
    try:
        with path.open("rb") as file:
            data = file.read(_SIZE_MAX + 1)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", where=str(path), hint="Give --config an existing file."
        ) from error
    if len(data) > _SIZE_MAX:
        raise ConfigError("is larger than 1 MiB", where=str(path), hint="This is not a system.json.")
    return parse_config(data, str(path))


def parse_config(data: bytes, where: str = "system.json") -> SystemConfig:
    """Checks a configuration. where: its name in errors. Raises ConfigError with all faults."""
    try:
        tree = json.loads(data, parse_float=Decimal, object_pairs_hook=_object)
    except _DuplicateKeyError as error:
        raise ConfigError("names a key twice", where=where, value=str(error), hint="Remove one of them.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"is not JSON: {error}", where=where) from error
    try:
        return SystemConfig.model_validate(tree)
    except ValidationError as error:
        problems = tuple(_problem(item) for item in error.errors(include_url=False))
        count = "1 fault" if len(problems) == 1 else f"{len(problems)} faults"
        raise ConfigError(f"{count}:", where=where, problems=problems) from error


class _DuplicateKeyError(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _DuplicateKeyError(key)
        found[key] = value
    return found


def _problem(item: Any) -> tuple[str, str]:
    location = tuple(str(part) for part in item["loc"])
    path = ".".join(location) or "(the whole file)"
    if item["type"] == "extra_forbidden":
        return path, _unknown(location)
    value = item["input"]
    if item["type"] in ("model_type", "dict_type"):
        return path, f"must be an object of keys and values (found {type(value).__name__})"
    shown = str(value) if isinstance(value, Decimal) else repr(value)
    return path, f"{item['msg']} (found {shown if len(shown) <= 80 else shown[:77] + '...'})"


def _unknown(location: tuple[str, ...]) -> str:
    """The value is left out on purpose: an unknown key may well be a secret put in the wrong place."""
    if any(word in location[-1].lower() for word in ("secret", "api_key", "apikey", "password", "token")):
        return (
            "unknown key; secrets do not belong here but in the environment, or in a file that only its owner can read"
        )
    model: type[BaseModel] = SystemConfig
    for part in location[:-1]:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return "unknown key"
        model = annotation
    close = difflib.get_close_matches(location[-1], model.model_fields, n=1)
    return f"unknown key; meant {close[0]}?" if close else f"unknown key; known are {', '.join(model.model_fields)}"
