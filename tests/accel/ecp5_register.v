// A register of an ECP5 as accel/copies.py instantiates it: no reset, always enabled. What is not
// modelled stops the simulation.

module TRELLIS_FF #(
    parameter GSR = "ENABLED", parameter CEMUX = "1", parameter CLKMUX = "CLK",
    parameter LSRMUX = "LSR", parameter REGSET = "RESET", parameter SRMODE = "LSR_OVER_CE"
) (
    input CLK, LSR, CE, DI,
    output reg Q
);
    initial Q = 0;
    always @(posedge CLK) begin
        Q <= DI;
        if (LSR | ~CE) $fatal(1, "TRELLIS_FF: no model of a reset or of an enable");
    end

    initial
        if (GSR != "DISABLED" || CEMUX != "1" || CLKMUX != "CLK" || LSRMUX != "LSR"
            || REGSET != "RESET" || SRMODE != "LSR_OVER_CE")
            $fatal(1, "TRELLIS_FF: no such mode");
endmodule
