// What Migen has no words for: properties that a solver checks, and values that it chooses.
// `properties.py` instantiates these; the name of an instance is the name of its property.

module formal_assert(input wire holds);
    always @(*) assert (holds);
endmodule

module formal_assume(input wire holds);
    always @(*) assume (holds);
endmodule

module formal_cover(input wire happens);
    always @(*) cover (happens);
endmodule

module formal_constant #(parameter WIDTH = 1) (output wire [WIDTH-1:0] value);
    (* anyconst *) reg [WIDTH-1:0] chosen;
    assign value = chosen;
endmodule
