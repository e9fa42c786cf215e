"""What the compiled module offers, for type checkers. Written by tools/core_stub.py from csrc/bot3.h."""

from typing import Any

class CData:
    """A C value. Which C type it has is checked by cffi when it is passed on, not here."""

    def __getattr__(self, name: str) -> Any: ...
    def __setattr__(self, name: str, value: Any) -> None: ...
    def __getitem__(self, index: Any) -> Any: ...
    def __setitem__(self, index: Any, value: Any) -> None: ...
    def __add__(self, other: int) -> CData: ...
    def __int__(self) -> int: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...

class CType:
    """A C type."""

    cname: str
    kind: str
    fields: list[tuple[str, Any]]
    item: CType
    length: int

class FFI:
    """cffi's view of the declarations."""

    NULL: CData
    error: type[Exception]
    def new(self, ctype: str, init: Any = ...) -> CData: ...
    def cast(self, ctype: str, value: Any) -> CData: ...
    def string(self, cdata: CData, maxlen: int = ...) -> bytes: ...
    def buffer(self, cdata: CData, size: int = ...) -> Any: ...
    def from_buffer(self, ctype: Any, data: Any = ..., require_writable: bool = ...) -> CData: ...
    def memmove(self, dest: Any, src: Any, n: int) -> None: ...
    def sizeof(self, ctype: str | CType | CData) -> int: ...
    def offsetof(self, ctype: str | CType, *fields: str | int) -> int: ...
    def typeof(self, ctype: str | CData) -> CType: ...
    def addressof(self, cdata: Any, *fields: str | int) -> CData: ...
    def gc(self, cdata: CData, destructor: Any, size: int = ...) -> CData: ...
    def release(self, cdata: CData) -> None: ...
    def unpack(self, cdata: CData, length: int) -> Any: ...
    def list_types(self) -> tuple[list[str], list[str], list[str]]: ...

class Lib:
    """Constants and functions of csrc/bot3.h, where each is described."""

    B3_EVENT_MAX: int
    B3_FLAG_LAST: int
    B3_FLAG_SNAPSHOT: int
    B3_FLAG_ASK: int
    B3_FLAG_NO_LEVEL: int
    B3_FLAG_CHAINED: int
    B3_FLAG_BUYER_MAKER: int
    B3_FLAG_AGGREGATE: int
    B3_FLAG_DEPTH: int
    B3_FLAG_EMPTY: int
    B3_FLAG_VENUE: int
    B3_FLAG_CLOSED: int
    B3_FLAG_REDUCE_ONLY: int
    B3_FLAG_EXIT: int
    B3_FLAG_TRAILING: int
    B3_FLAG_INCOMPLETE: int
    B3_FLAG_CANCEL_REJECT: int
    B3_FLAG_TRIGGERED: int
    B3_INPUT_PADDING: int
    B3_SYMBOL_MAX: int
    B3_VIEW_SYNCED: int
    B3_VIEW_HALTED: int
    B3_VIEW_CROSSED: int
    B3_STRATEGY_ABI: int
    B3_INDICATOR_INPUTS: int
    B3_INDICATOR_OUTPUTS: int
    B3_INDICATOR_PARAMS: int
    B3_PANEL_SCRATCH_GAP: int
    B3_EW_SYMBOLS_MAX: int
    B3_LOTS_AN_ORDER: int
    B3_FEE_TIERS: int
    B3_FILE_FORMAT: int
    B3_OK: int
    B3_EMPTY: int
    B3_FULL: int
    B3_END: int
    B3_YIELD: int
    B3_STOPPED: int
    B3_ERR_ARGUMENT: int
    B3_ERR_MEMORY: int
    B3_ERR_IO: int
    B3_ERR_CAPACITY: int
    B3_ERR_FORMAT: int
    B3_ERR_CORRUPT: int
    B3_ERR_TRUNCATED: int
    B3_ERR_VERSION: int
    B3_ERR_OVERFLOW: int
    B3_ERR_PRECISION: int
    B3_ERR_SYMBOL: int
    B3_ERR_STATE: int
    B3_ERR_MISMATCH: int
    B3_ERR_UNSUPPORTED: int
    B3_LEVEL: int
    B3_TRADE: int
    B3_QUOTE: int
    B3_BAR: int
    B3_TIMER: int
    B3_SIGNAL: int
    B3_REQUEST: int
    B3_UPDATE: int
    B3_POSITION: int
    B3_BALANCE: int
    B3_RATE: int
    B3_FUNDING: int
    B3_DECISION: int
    B3_SYSTEM: int
    B3_EQUITY: int
    B3_KIND_END: int
    B3_STAMP_NONE: int
    B3_STAMP_SOFTWARE: int
    B3_STAMP_KERNEL: int
    B3_STAMP_NIC: int
    B3_STAMP_RECORDED: int
    B3_BUY: int
    B3_SELL: int
    B3_NEW: int
    B3_CANCEL: int
    B3_REPLACE: int
    B3_MARKET: int
    B3_LIMIT: int
    B3_STOP: int
    B3_STOP_LIMIT: int
    B3_GTC: int
    B3_IOC: int
    B3_FOK: int
    B3_POST_ONLY: int
    B3_PENDING_NEW: int
    B3_WORKING: int
    B3_PARTIALLY_FILLED: int
    B3_FILLED: int
    B3_PENDING_CANCEL: int
    B3_CANCELED: int
    B3_REJECTED: int
    B3_EXPIRED: int
    B3_UNKNOWN: int
    B3_MAKER: int
    B3_TAKER: int
    B3_RULE_NONE: int
    B3_RULE_QTY_MAX: int
    B3_RULE_NOTIONAL_MAX: int
    B3_RULE_POSITION_MAX: int
    B3_RULE_EXPOSURE_MAX: int
    B3_RULE_ORDER_RATE: int
    B3_RULE_HALTED: int
    B3_RULE_STALE: int
    B3_RULE_CROSSED: int
    B3_RULE_NO_TOUCH: int
    B3_RULE_CASH: int
    B3_RULE_OPEN_ORDERS: int
    B3_RULE_DUPLICATE_ID: int
    B3_RULE_UNKNOWN_ORDER: int
    B3_RULE_MALFORMED: int
    B3_RULE_OVERFLOW: int
    B3_RULE_NOT_TRADING: int
    B3_RULE_PRICE_FILTER: int
    B3_RULE_LOT_SIZE: int
    B3_RULE_MARKET_LOT_SIZE: int
    B3_RULE_MIN_NOTIONAL: int
    B3_RULE_MAX_NOTIONAL: int
    B3_RULE_PERCENT_PRICE: int
    B3_RULE_MAX_POSITION: int
    B3_RULE_MAX_NUM_ORDERS: int
    B3_RULE_POST_ONLY: int
    B3_RULE_FOK: int
    B3_RULE_NO_LIQUIDITY: int
    B3_RULE_PRICE_COLLAR: int
    B3_RULE_NET_EXPOSURE_MAX: int
    B3_RULE_OPEN_POSITIONS: int
    B3_RULE_SELF_CROSS: int
    B3_RULE_FEED_LATE: int
    B3_RULE_DAILY_LOSS: int
    B3_RULE_DRAWDOWN: int
    B3_RULE_BREAKER: int
    B3_RULE_KILLED: int
    B3_RULE_EXIT: int
    B3_RULE_REDUCE_ONLY: int
    B3_RULE_LOTS: int
    B3_RULE_SHADOW: int
    B3_RULE_REJECTS: int
    B3_RULE_PRICE_JUMP: int
    B3_RULE_LATENCY: int
    B3_RULE_MESSAGE_GAP: int
    B3_RULE_LOSS: int
    B3_RULE_WOULD_TRIGGER: int
    B3_RULE_END: int
    B3_SYS_HEARTBEAT: int
    B3_SYS_GAP: int
    B3_SYS_RECONNECT: int
    B3_SYS_HALT: int
    B3_SYS_RESUME: int
    B3_SYS_SHUTDOWN: int
    B3_SYS_COMMAND: int
    B3_SYS_BAD_MESSAGE: int
    B3_SYS_SNAPSHOT: int
    B3_SYS_LATE_TRADE: int
    B3_SYS_STOP: int
    B3_SYS_BREAKER: int
    B3_SYS_KILL: int
    B3_SYS_RESET: int
    B3_SYS_DAY: int
    B3_SYS_FLAT: int
    B3_COMMAND_KILL: int
    B3_COMMAND_FLATTEN: int
    B3_COMMAND_RESET: int
    B3_COMMAND_KILL_FLATTEN: int
    B3_EW_ADJUST: int
    B3_EW_ZERO_MEAN: int
    B3_BAR_TIME: int
    B3_BAR_TICK: int
    B3_BAR_VOLUME: int
    B3_BAR_NOTIONAL: int
    B3_PNL_WEIGHTED_AVERAGE: int
    B3_PNL_FIFO: int
    B3_PNL_LIFO: int
    B3_QUEUE_NONE: int
    B3_QUEUE_CONSERVATIVE: int
    B3_QUEUE_PROPORTIONAL: int
    B3_FEE_QUOTE: int
    B3_FEE_RECEIVED: int
    B3_FEE_THIRD: int
    B3_CONTENT_RECORDING: int
    B3_CONTENT_JOURNAL: int
    B3_REC_LAYOUT: int
    B3_REC_CONFIG: int
    B3_REC_SOURCE: int
    B3_REC_FRAME: int
    B3_REC_EVENTS: int
    B3_REC_COMMAND: int
    B3_REC_OUTPUT: int
    B3_REC_END: int
    B3_WIRE_BINANCE_JSON: int
    B3_WIRE_EVENTS: int
    B3_VENUE_BINANCE_SPOT: int
    B3_VENUE_BINANCE_USDM: int
    def b3_event_size(self, kind: int, /) -> int: ...
    def b3_indicator_at(self, index: int, /) -> CData: ...
    def b3_indicator_find(self, name: bytes | CData, /) -> CData: ...
    def b3_indicator_check(self, indicator: CData, params: CData, error: CData, /) -> int: ...
    def b3_indicator_run_blocking(
        self, indicator: CData, params: CData, stream: CData, in_: CData, out: CData, count: int, /
    ) -> None: ...
    def b3_indicator_panel_blocking(
        self,
        indicator: CData,
        params: CData,
        scratch: CData,
        in_: CData,
        out: CData,
        rows: int,
        in_stride: int,
        out_stride: int,
        count: int,
        threads: int,
        /,
    ) -> None: ...
    def b3_graph_update(self, nodes: CData, node_count: int, slots: CData, /) -> None: ...
    def b3_graph_run_blocking(
        self,
        nodes: CData,
        node_count: int,
        slots: CData,
        input_count: int,
        slot_count: int,
        in_: CData,
        out: CData,
        count: int,
        /,
    ) -> None: ...
    def b3_matrix_dot(self, x: CData, y: CData, count: int, /) -> float: ...
    def b3_matrix_gemv_blocking(self, a: CData, rows: int, columns: int, x: CData, out: CData, /) -> None: ...
    def b3_matrix_gemm_blocking(
        self, a: CData, b: CData, rows: int, inner: int, columns: int, out: CData, /
    ) -> None: ...
    def b3_matrix_covariance_blocking(
        self, panel: CData, symbols: int, count: int, ddof: int, means: CData, out: CData, /
    ) -> None: ...
    def b3_matrix_correlation(self, covariance: CData, symbols: int, deviations: CData, /) -> None: ...
    def b3_matrix_cholesky_blocking(self, a: CData, n: int, error: CData, /) -> int: ...
    def b3_matrix_cholesky_solve_blocking(
        self, factor: CData, n: int, x: CData, systems: int, error: CData, /
    ) -> int: ...
    def b3_ew_covariance_size(self, symbols: int, /) -> int: ...
    def b3_ew_covariance_init(self, state: CData, symbols: int, decay: float, flags: int, /) -> None: ...
    def b3_ew_covariance_update(self, state: CData, x: CData, /) -> int: ...
    def b3_ew_covariance_run_blocking(self, state: CData, panel: CData, count: int, /) -> int: ...
    def b3_ew_covariance_read(self, state: bytes | CData, means: CData, out: CData, /) -> None: ...
    def b3_book_new(self, tick_raw: int, dense_ticks: int, sparse_levels: int, error: CData, /) -> CData: ...
    def b3_book_free(self, book: CData, /) -> None: ...
    def b3_book_apply_blocking(
        self, book: CData, levels: CData, count: int, quotes: CData, cap: int, error: CData, /
    ) -> int: ...
    def b3_book_set(self, book: CData, side: int, price_raw: int, qty_raw: int, /) -> int: ...
    def b3_book_clear(self, book: CData, /) -> None: ...
    def b3_book_best(self, book: CData, side: int, /) -> CData: ...
    def b3_book_levels(self, book: bytes | CData, side: int, out: CData, cap: int, /) -> int: ...
    def b3_book_qty_at(self, book: bytes | CData, side: int, price_raw: int, /) -> int: ...
    def b3_book_cum_qty(self, book: CData, side: int, price_raw: int, /) -> int: ...
    def b3_book_microprice(self, book: CData, /) -> float: ...
    def b3_book_imbalance(self, book: CData, levels: int, /) -> float: ...
    def b3_book_read_stats(self, book: CData, out: CData, /) -> None: ...
    def b3_bars_new(self, config: CData, price_scale: int, qty_scale: int, error: CData, /) -> CData: ...
    def b3_bars_free(self, bars: CData, /) -> None: ...
    def b3_bars_apply_blocking(
        self, bars: CData, trades: CData, count: int, out: CData, cap: int, used: CData, error: CData, /
    ) -> int: ...
    def b3_bars_advance_blocking(self, bars: CData, now_ns: int, out: CData, cap: int, error: CData, /) -> int: ...
    def b3_bars_read_stats(self, bars: CData, out: CData, /) -> None: ...
    def b3_parser_new(self, instruments: CData, count: int, error: CData, /) -> CData: ...
    def b3_parser_free(self, parser: CData, /) -> None: ...
    def b3_parser_batch_blocking(
        self,
        parser: CData,
        data: CData,
        data_len: int,
        starts: CData,
        lens: CData,
        recv_ns: CData,
        count: int,
        snapshot_instrument: int,
        out: CData,
        error: CData,
        /,
    ) -> int: ...
    def b3_recording_open_blocking(self, path: bytes | CData, content: int, error: CData, /) -> CData: ...
    def b3_recording_free(self, recording: CData, /) -> None: ...
    def b3_recording_check_blocking(self, recording: CData, ahead_bytes: int, error: CData, /) -> int: ...
    def b3_recording_next(self, recording: CData, record: CData, /) -> int: ...
    def b3_recording_rewind(self, recording: CData, /) -> None: ...
    def b3_recording_event_size(self, recording: CData, kind: int, /) -> int: ...
    def b3_recording_event_at(self, recording: CData, record: CData, index: int, out: CData, /) -> int: ...
    def b3_recording_source_count(self, recording: CData, /) -> int: ...
    def b3_recording_position(self, recording: CData, /) -> int: ...
    def b3_recording_size(self, recording: CData, /) -> int: ...
    def b3_recorder_new_blocking(self, path: bytes | CData, content: int, error: CData, /) -> CData: ...
    def b3_recorder_write_blocking(
        self, recorder: CData, record: CData, payload: bytes | CData, len: int, error: CData, /
    ) -> int: ...
    def b3_recorder_lines_blocking(
        self,
        recorder: CData,
        data: bytes | CData,
        len: int,
        source: int,
        snapshot_source: int,
        used: CData,
        error: CData,
        /,
    ) -> int: ...
    def b3_recorder_copy_blocking(
        self, recorder: CData, recording: CData, first_source: int, error: CData, /
    ) -> int: ...
    def b3_recorder_parse_blocking(
        self,
        recorder: CData,
        recording: CData,
        instruments: CData,
        instrument_count: int,
        first_source: int,
        totals: CData,
        error: CData,
        /,
    ) -> int: ...
    def b3_recording_symbols_blocking(
        self, data: bytes | CData, len: int, symbols: CData, capacity: int, count: CData, /
    ) -> int: ...
    def b3_recorder_close_blocking(self, recorder: CData, error: CData, /) -> int: ...
    def b3_engine_new(
        self,
        config: CData,
        currencies: CData,
        instruments: CData,
        limits: CData,
        instrument_count: int,
        config_json: bytes | CData,
        error: CData,
        /,
    ) -> CData: ...
    def b3_engine_free(self, engine: CData, /) -> None: ...
    def b3_engine_add_strategy(
        self, engine: CData, strategy: CData, params: CData, instrument: int, error: CData, /
    ) -> int: ...
    def b3_engine_add_external(self, engine: CData, kinds: int, instrument: int, error: CData, /) -> int: ...
    def b3_engine_start(self, engine: CData, error: CData, /) -> int: ...
    def b3_engine_run_blocking(self, engine: CData, recording: CData, max_inputs: int, error: CData, /) -> int: ...
    def b3_engine_stop(self, engine: CData, /) -> None: ...
    def b3_engine_interrupt(self, engine: CData, /) -> None: ...
    def b3_engine_submit(self, engine: CData, request: CData, error: CData, /) -> int: ...
    def b3_engine_command(self, engine: CData, command: CData, error: CData, /) -> int: ...
    def b3_engine_finish(self, engine: CData, error: CData, /) -> int: ...
    def b3_engine_journal_drain_blocking(self, engine: CData, fd: int, error: CData, /) -> int: ...
    def b3_engine_tap(self, engine: CData, count: CData, /) -> CData: ...
    def b3_engine_tap_clear(self, engine: CData, /) -> None: ...
    def b3_engine_inbox(self, engine: CData, count: CData, /) -> CData: ...
    def b3_engine_inbox_clear(self, engine: CData, /) -> None: ...
    def b3_engine_read_instrument(self, engine: CData, instrument: int, out: CData, /) -> int: ...
    def b3_engine_read_totals(self, engine: CData, out: CData, /) -> None: ...
    def b3_engine_read_position(self, engine: CData, instrument: int, out: CData, /) -> int: ...
    def b3_engine_read_strategy(self, engine: CData, strategy: int, out: CData, /) -> int: ...
    def b3_engine_read_pnl(self, engine: CData, currency: int, out: CData, /) -> int: ...
    def b3_engine_read_rate(self, engine: CData, currency: int, rate_raw: CData, /) -> int: ...
    def b3_engine_read_equity(self, engine: CData, equity_raw: CData, /) -> int: ...
    def b3_engine_read_balance(self, engine: CData, currency: int, out: CData, /) -> int: ...
    def b3_engine_read_guard(self, engine: CData, out: CData, /) -> int: ...
    def b3_engine_read_stop(self, engine: CData, instrument: int, out: CData, /) -> int: ...
    def b3_engine_read_latency(self, engine: CData, index: int, out: CData, /) -> int: ...
    def b3_engine_read_memory(self, engine: CData, index: int, out: CData, /) -> int: ...
    def b3_version(self) -> CData: ...
    def b3_status_name(self, status: int, /) -> CData: ...
    def b3_rule_name(self, rule: int, /) -> CData: ...
    def b3_kind_name(self, kind: int, /) -> CData: ...
    def b3_isa_name(self) -> CData: ...
    def b3_isa_error(self) -> CData: ...
    def b3_strategy_at(self, index: int, /) -> CData: ...
    def b3_feature_at(self, index: int, /) -> CData: ...

ffi: FFI
lib: Lib
