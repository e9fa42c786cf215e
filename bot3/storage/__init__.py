"""Results on disk: Parquet that pandas, polars and DuckDB read without bot3."""

from bot3.storage.sink import TAPPED, ParquetSink, prepare_directory

__all__ = ["TAPPED", "ParquetSink", "prepare_directory"]
