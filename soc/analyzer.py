"""A LiteScope on the accelerator's streams, in the system clock domain."""

from litescope import LiteScopeAnalyzer
from migen import *

ADDRESS_BITS = 12  # of an address that are kept: enough to see where one access follows another
COUNT_BITS   = 8   # of the completed descriptors

# Stream Analyzer ----------------------------------------------------------------------------------

class StreamAnalyzer(LiteScopeAnalyzer):
    """LiteScope's analyzer, on what goes on between the accelerator and the DRAM.

    Data are left out: 512 cycles of one stream's would take as many block RAMs as all the rest.

    Parameters
    ----------
    engine       : `litelic.accel.accelerator.Engine`.
    sys_clk_freq : Hz; the time scale of waveforms.
    depth        : cycles that are kept.
    """
    def __init__(self, engine, sys_clk_freq, depth=512, clock_domain="sys"):
        probes = self._probes(engine)
        LiteScopeAnalyzer.__init__(self, [probe for probe, _ in probes],
            depth        = depth,
            clock_domain = clock_domain,
            samplerate   = sys_clk_freq,
            register     = True, # The way to the analyzer is not to limit the accelerator's clock.
            csr_csv      = None, # The builder writes it, into its own folder.
        )
        self.comb += [probe.eq(signal) for probe, signal in probes]

    def _probes(self, engine):
        """[(signal of a name that reads well in a waveform, what it shows)]"""
        fetcher, loader, requests = engine.fetcher, engine.loader, engine.requests
        signals = {
            "fetcher_start":       fetcher.start,
            "fetcher_running":     fetcher.running,
            "fetcher_done":        fetcher.done,
            "completed":           fetcher.completed[:COUNT_BITS],
            **self._handshake("loader_address", loader.address),
            "loader_address_low":  loader.address.address[:ADDRESS_BITS],
            **self._handshake("loader_data",    loader.data),
            **self._handshake("loader_tile",    loader.tile),
            **self._handshake("weight_request", requests.address),
            "weight_request_low":  requests.address.address[:ADDRESS_BITS],
            **self._handshake("weight_data",    engine.ring.data),
            **self._handshake("store_write",    engine.store.write),
            "store_write_low":     engine.store.write.address[:ADDRESS_BITS],
            **self._handshake("record",         fetcher.record),
        }
        return [(Signal(len(signal), name_override=name), signal)
            for name, signal in signals.items()]

    def _handshake(self, name, stream):
        return {f"{name}_valid": stream.valid, f"{name}_ready": stream.ready}
