"""Tools for chips from YoWASP: C++ with WebAssembly exceptions, and one without."""

VERILOG = b"""
module top(input clock, input [3:0] a, b, output reg [3:0] s);
  always @(posedge clock) s <= a ^ {4{&b}};
endmodule
"""
SYNTHESIS = "read_verilog /top.v; proc; opt; simplemap; opt; stat; write_blif /top.blif"
FORMULA = b"""
(set-logic QF_BV)
(set-option :produce-models true)
(declare-fun x () (_ BitVec 32))
(assert (= (bvmul x x) #x00000019))
(assert (bvult x #x00000010))
(check-sat)
(get-value (x))
"""


def test_yosys_synthesizes(run):
    done = run("yosys", "-q", "-p", SYNTHESIS, files={"top.v": VERILOG})
    assert (done.returncode, done.stderr) == (0, "")
    netlist = done.files["top.blif"].decode()
    assert ".model top\n.inputs clock a[0] a[1] a[2] a[3] b[0]" in netlist
    assert netlist.count("\n.subckt $_DFF_P_ ") + netlist.count("\n.latch ") == 4


def test_yosys_reports_an_error(run):
    done = run("yosys", "-q", "-p", "read_verilog /top.v", files={"top.v": b"module module"})
    assert done.returncode == 1
    assert "ERROR: syntax error" in done.stderr


def test_ecppll_computes(run):
    done = run("ecppll", "-i", "25", "-o", "100", "-f", "/pll.v", files={})
    assert done.returncode == 0, done.stderr
    assert "clkout0 frequency: 100 MHz" in done.stdout
    assert b"EHXPLLL #(" in done.files["pll.v"]


def test_boolector_solves(run):
    done = run("boolector", "/formula.smt2", files={"formula.smt2": FORMULA})
    assert done.stdout.split() == ["sat", "((x", "#b" + f"{5:032b}" + "))"], done.stderr
