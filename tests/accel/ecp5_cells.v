// The ECP5 cells that accel/multipliers.py and accel/adders.py instantiate, as far as they use
// them: what Lattice's documents say they do.

module MULT18X18D #(
    parameter REG_INPUTA_CLK = "NONE", parameter REG_INPUTA_CE = "CE0", parameter REG_INPUTA_RST = "RST0",
    parameter REG_INPUTB_CLK = "NONE", parameter REG_INPUTB_CE = "CE0", parameter REG_INPUTB_RST = "RST0",
    parameter REG_INPUTC_CLK = "NONE",
    parameter REG_PIPELINE_CLK = "NONE",
    parameter REG_OUTPUT_CLK = "NONE", parameter REG_OUTPUT_CE = "CE0", parameter REG_OUTPUT_RST = "RST0",
    parameter GSR = "ENABLED", parameter RESETMODE = "SYNC"
) (
    input CLK0, CE0, RST0, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    input A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15, A16, A17,
    input B0, B1, B2, B3, B4, B5, B6, B7, B8, B9, B10, B11, B12, B13, B14, B15, B16, B17,
    input C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13, C14, C15, C16, C17,
    output P0, P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17,
    output P18, P19, P20, P21, P22, P23, P24, P25, P26, P27, P28, P29, P30, P31, P32, P33, P34, P35
);
    wire [17:0] a = {A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0};
    wire [17:0] b = {B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0};
    reg [17:0] a_register, b_register;
    reg [35:0] product_register;
    wire [17:0] a_used = REG_INPUTA_CLK == "CLK0" ? a_register : a;
    wire [17:0] b_used = REG_INPUTB_CLK == "CLK0" ? b_register : b;
    wire signed [18:0] a_extended = {SIGNEDA & a_used[17], a_used};
    wire signed [18:0] b_extended = {SIGNEDB & b_used[17], b_used};
    wire signed [37:0] product = a_extended * b_extended;
    always @(posedge CLK0) begin
        if (RST0) begin
            a_register <= 0;
            b_register <= 0;
            product_register <= 0;
        end else if (CE0) begin
            a_register <= a;
            b_register <= b;
            product_register <= product[35:0];
        end
    end
    assign {P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18,
            P17, P16, P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0}
        = REG_OUTPUT_CLK == "CLK0" ? product_register : product[35:0];
endmodule

// Two bits of a carry chain. Each has a table of four inputs, which says whether the carry is
// passed on; where it is not, the table's first four entries, addressed by A and B, are the carry.
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
    assign S0 = passes0 ^ (INJECT1_0 == "YES" ? 1'b0 : CIN);
    assign S1 = passes1 ^ (INJECT1_1 == "YES" ? 1'b0 : middle);
    assign COUT = passes1 ? middle : INIT1[{2'b00, B1, A1}];
endmodule

// A block RAM with two ports of at most 18 bits; here port A writes and port B reads, through its
// output register if it has one. Words of 18 bits have a write enable for each half, in the place
// of the lowest address bits. What is read from a word as it is written is nobody's to rely upon: it
// is the wrong way round here, where both ports have one clock.
module DP16KD #(
    parameter DATA_WIDTH_A = 18, parameter DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG", parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC", parameter ASYNC_RESET_RELEASE = "SYNC", parameter GSR = "ENABLED",
    parameter CSDECODE_A = "0b000", parameter CSDECODE_B = "0b000",
    parameter WRITEMODE_A = "NORMAL", parameter WRITEMODE_B = "NORMAL",
    parameter CLKAMUX = "CLKA", parameter CLKBMUX = "CLKB"
) (
    input CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2,
    input CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2,
    input ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
    input ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
    input DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13,
    input DIA14, DIA15, DIA16, DIA17,
    input DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13,
    input DIB14, DIB15, DIB16, DIB17,
    output DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13,
    output DOB14, DOB15, DOB16, DOB17
);
    localparam UNUSED = DATA_WIDTH_A == 18 ? 4 : DATA_WIDTH_A == 9 ? 3 : $clog2(DATA_WIDTH_A);
    wire [13:0] write_address = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4,
                                 ADA3, ADA2, ADA1, ADA0};
    wire [13:0] read_address = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4,
                                ADB3, ADB2, ADB1, ADB0};
    wire [17:0] data = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7,
                        DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
    wire lower = DATA_WIDTH_A != 18 | ADA0;
    wire upper = DATA_WIDTH_A != 18 | ADA1;
    reg [DATA_WIDTH_A-1:0] words [0:(1 << (14 - UNUSED))-1];
    reg [17:0] read, register;
    integer i;
    always @(posedge CLKA)
        if (CEA & WEA)
            for (i = 0; i < DATA_WIDTH_A; i = i + 1)
                if (i < 9 ? lower : upper) words[write_address >> UNUSED][i] <= data[i];
    always @(posedge CLKB) begin
        if (CEB)
            read <= words[read_address >> UNUSED]
                  ^ {18{CEA & WEA & (write_address >> UNUSED == read_address >> UNUSED)}};
        if (OCEB) register <= read;
    end
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
            DOB4, DOB3, DOB2, DOB1, DOB0} = REGMODE_B == "OUTREG" ? register : read;
endmodule
