// The block RAM of an ECP5: what Lattice's memory usage guide (FPGA-TN-02204) says it does. It has
// 512 rows of four bytes of 9 bits; a word of 1, 2 or 4 bits lies in the lower 8 bits of a byte.
// What is not modelled stops the simulation.

module DP16KD #(
    parameter integer DATA_WIDTH_A = 18, parameter integer DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG", parameter REGMODE_B = "NOREG",
    parameter RESETMODE = "SYNC", parameter ASYNC_RESET_RELEASE = "SYNC", parameter GSR = "ENABLED",
    parameter CSDECODE_A = "0b000", parameter CSDECODE_B = "0b000",
    parameter WRITEMODE_A = "NORMAL", parameter WRITEMODE_B = "NORMAL",
    parameter CLKAMUX = "CLKA", parameter CLKBMUX = "CLKB",
    parameter [319:0] INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0,
    parameter [319:0] INITVAL_04 = 0, INITVAL_05 = 0, INITVAL_06 = 0, INITVAL_07 = 0,
    parameter [319:0] INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0,
    parameter [319:0] INITVAL_0C = 0, INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0,
    parameter [319:0] INITVAL_10 = 0, INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0,
    parameter [319:0] INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0,
    parameter [319:0] INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0,
    parameter [319:0] INITVAL_1C = 0, INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0,
    parameter [319:0] INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0, INITVAL_23 = 0,
    parameter [319:0] INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0,
    parameter [319:0] INITVAL_28 = 0, INITVAL_29 = 0, INITVAL_2A = 0, INITVAL_2B = 0,
    parameter [319:0] INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0,
    parameter [319:0] INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0,
    parameter [319:0] INITVAL_34 = 0, INITVAL_35 = 0, INITVAL_36 = 0, INITVAL_37 = 0,
    parameter [319:0] INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0,
    parameter [319:0] INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0, INITVAL_3F = 0
) (
    input CLKA, CEA, OCEA, WEA, RSTA, CSA0, CSA1, CSA2,
    input CLKB, CEB, OCEB, WEB, RSTB, CSB0, CSB1, CSB2,
    input ADA0, ADA1, ADA2, ADA3, ADA4, ADA5, ADA6, ADA7, ADA8, ADA9, ADA10, ADA11, ADA12, ADA13,
    input ADB0, ADB1, ADB2, ADB3, ADB4, ADB5, ADB6, ADB7, ADB8, ADB9, ADB10, ADB11, ADB12, ADB13,
    input DIA0, DIA1, DIA2, DIA3, DIA4, DIA5, DIA6, DIA7, DIA8, DIA9, DIA10, DIA11, DIA12, DIA13,
    input DIA14, DIA15, DIA16, DIA17,
    input DIB0, DIB1, DIB2, DIB3, DIB4, DIB5, DIB6, DIB7, DIB8, DIB9, DIB10, DIB11, DIB12, DIB13,
    input DIB14, DIB15, DIB16, DIB17,
    output DOA0, DOA1, DOA2, DOA3, DOA4, DOA5, DOA6, DOA7, DOA8, DOA9, DOA10, DOA11, DOA12, DOA13,
    output DOA14, DOA15, DOA16, DOA17,
    output DOB0, DOB1, DOB2, DOB3, DOB4, DOB5, DOB6, DOB7, DOB8, DOB9, DOB10, DOB11, DOB12, DOB13,
    output DOB14, DOB15, DOB16, DOB17
);
    wire [13:0] address_a = {ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3,
                             ADA2, ADA1, ADA0};
    wire [13:0] address_b = {ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3,
                             ADB2, ADB1, ADB0};
    wire [17:0] data_a = {DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7,
                          DIA6, DIA5, DIA4, DIA3, DIA2, DIA1, DIA0};
    wire [17:0] data_b = {DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7,
                          DIB6, DIB5, DIB4, DIB3, DIB2, DIB1, DIB0};
    wire [17:0] output_a, output_b;
    assign {DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
            DOA4, DOA3, DOA2, DOA1, DOA0} = output_a;
    assign {DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
            DOB4, DOB3, DOB2, DOB1, DOB0} = output_b;

    // Rows ----------------------------------------------------------------------------------------

    localparam [64*320-1:0] CONTENT = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39,
        INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32,
        INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B,
        INITVAL_2A, INITVAL_29, INITVAL_28, INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24,
        INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D,
        INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16,
        INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10, INITVAL_0F,
        INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
        INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01,
        INITVAL_00
    };
    wire [35:0] read_a, read_b, mask_a, mask_b, written_a, written_b;
    wire [8:0] row_a = address_a[13:5], row_b = address_b[13:5];
    wire same_row = row_a == row_b;
    reg [35:0] rows [0:511];
    integer i;
    initial
        for (i = 0; i < 512; i = i + 1)  // two bytes in 20 bits
            rows[i] = {CONTENT[40 * i + 20 +: 18], CONTENT[40 * i +: 18]};
    always @(posedge CLKA) if (mask_a != 0) rows[row_a] <= rows[row_a] & ~mask_a | written_a;
    always @(posedge CLKB) if (mask_b != 0) rows[row_b] <= rows[row_b] & ~mask_b | written_b;

    // Ports ---------------------------------------------------------------------------------------

    // With words of 36 bits, port A writes and port B reads, each with the data pins of both.
    localparam WIDE_WRITE = DATA_WIDTH_A == 36, WIDE_READ = DATA_WIDTH_B == 36;
    assign output_a = WIDE_READ ? read_b[17:0] : read_a[17:0];
    assign output_b = WIDE_READ ? read_b[35:18] : read_b[17:0];

    DP16KDPort #(
        .WIDTH(DATA_WIDTH_A), .REGMODE(REGMODE_A), .WRITEMODE(WRITEMODE_A), .RESETMODE(RESETMODE)
    ) port_a (
        .clock(CLKA), .enable(CEA & {CSA2, CSA1, CSA0} == 0), .write(WEA), .output_enable(OCEA),
        .reset(RSTA), .address(address_a[4:0]), .data({WIDE_WRITE ? data_b : 18'b0, data_a}),
        .row(rows[row_a]), .colliding(same_row ? mask_b : 36'b0),
        .mask(mask_a), .written(written_a), .read(read_a)
    );
    DP16KDPort #(
        .WIDTH(DATA_WIDTH_B), .REGMODE(REGMODE_B), .WRITEMODE(WRITEMODE_B), .RESETMODE(RESETMODE)
    ) port_b (
        .clock(CLKB), .enable(CEB & {CSB2, CSB1, CSB0} == 0), .write(WEB), .output_enable(OCEB),
        .reset(RSTB), .address(address_b[4:0]), .data({18'b0, data_b}),
        .row(rows[row_b]), .colliding(same_row ? mask_a : 36'b0),
        .mask(mask_b), .written(written_b), .read(read_b)
    );

    initial
        if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000" || CLKAMUX != "CLKA" || CLKBMUX != "CLKB")
            $fatal(1, "DP16KD: no model of this chip select or of an inverted clock");
    always @(posedge CLKA)
        if (mask_a != 0 && mask_b != 0 && same_row)
            $fatal(1, "DP16KD: no model of two ports that write in the same row at once");
    always @(posedge CLKB)
        if (mask_b != 0 && (WIDE_WRITE || WIDE_READ))
            $fatal(1, "DP16KD: no model of a port B that writes beside words of 36 bits");
endmodule

// One of the two ports. A word of it lies somewhere in a row. What is read from a bit that the other
// port writes is nobody's to rely upon: it is the wrong way round here.
module DP16KDPort #(
    parameter integer WIDTH = 18, parameter REGMODE = "NOREG", parameter WRITEMODE = "NORMAL",
    parameter RESETMODE = "SYNC"
) (
    input clock, enable, write, output_enable, reset,
    input [4:0] address,
    input [35:0] data, row, colliding,
    output [35:0] mask, written, read
);
    localparam [35:0] WORD = 36'hFFFFFFFFF >> (36 - WIDTH);
    wire [5:0] place = WIDTH == 36 ? 6'd0
                     : WIDTH == 18 ? 6'd18 * {5'b0, address[4]}
                     : 6'd9 * {4'b0, address[4:3]}
                     + (WIDTH == 9 ? 6'd0 : {3'b0, address[2:0]} & ~(WIDTH[5:0] - 6'd1));
    // The address bits below a wide word's enable its bytes.
    wire [3:0] bytes = WIDTH == 36 ? address[3:0] : WIDTH == 18 ? {2'b0, address[1:0]} : 4'b1111;
    wire [35:0] enabled = {{9{bytes[3]}}, {9{bytes[2]}}, {9{bytes[1]}}, {9{bytes[0]}}};
    assign mask = enable & write ? (enabled & WORD) << place : 36'b0;
    assign written = data << place & mask;

    reg [35:0] latch, register;
    always @(posedge clock) begin
        if (enable & ~(write & WRITEMODE == "NORMAL"))
            latch <= ((WRITEMODE == "WRITETHROUGH" ? row & ~mask | written : row) ^ colliding)
                  >> place & WORD;
        if (output_enable) register <= latch;
        if (reset) begin
            latch <= 0;
            register <= 0;
        end
    end
    assign read = REGMODE == "OUTREG" ? register : latch;

    initial begin
        if (WIDTH != 1 && WIDTH != 2 && WIDTH != 4 && WIDTH != 9 && WIDTH != 18 && WIDTH != 36)
            $fatal(1, "DP16KD: no words of %0d bits", WIDTH);
        if (REGMODE != "NOREG" && REGMODE != "OUTREG" || RESETMODE != "SYNC" && RESETMODE != "ASYNC"
            || WRITEMODE != "NORMAL" && WRITEMODE != "WRITETHROUGH"
               && WRITEMODE != "READBEFOREWRITE")
            $fatal(1, "DP16KD: no such mode");
    end
    always @(posedge clock)
        if (reset & RESETMODE == "ASYNC") $fatal(1, "DP16KD: no model of an asynchronous reset");
endmodule
