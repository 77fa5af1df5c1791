// Two bits of an ECP5's carry chain, as accel/adders.py and accel/fabric.py instantiate them: what
// Lattice's documents say they do. Each has a table of four inputs, which says whether the carry is
// passed on; where it is not, the table's first four entries, addressed by A and B, are the carry.
// What is not modelled stops the simulation.

module CCU2C #(
    parameter INIT0 = 16'h0000, parameter INIT1 = 16'h0000,
    parameter INJECT1_0 = "YES", parameter INJECT1_1 = "YES"
) (
    input CIN, A0, B0, C0, D0, A1, B1, C1, D1,
    output S0, S1, COUT
);
    wire passes0 = INIT0[{D0, C0, B0, A0}];
    wire passes1 = INIT1[{D1, C1, B1, A1}];
    wire middle = passes0 ? CIN : INIT0[{2'b00, B0, A0}];
    assign S0 = passes0 ^ CIN;
    assign S1 = passes1 ^ middle;
    assign COUT = passes1 ? middle : INIT1[{2'b00, B1, A1}];

    initial
        if (INJECT1_0 != "NO" || INJECT1_1 != "NO") $fatal(1, "CCU2C: no model of a cut chain");
endmodule
