"""Perl and Ruby, as libraries. Both unwind their stacks by Asyncify, deep in calls."""

import struct

PERL = r"""
use strict; use List::Util qw(sum);
my %h; $h{length $_}++ for qw(a bb cc ddd);
print join(",", map {"$_=$h{$_}"} sort keys %h), " ", sum(1..100), "\n";
eval { die "caught\n" }; print $@;
printf "%.3f %s\n", atan2(1, 1) * 4, join("", sort { $b cmp $a } split //, "perl");
open my $f, ">", "/out.txt" or die $!; print $f "x" x 5000; close $f; print -s "/out.txt", "\n";
1
"""
PERL_PRINTED = b"1=1,2=2,3=1 5050\ncaught\n3.142 rple\n5000\n"

RUBY = r"""
puts [3, 1, 2].sort.map { |x| x**40 }.inspect
begin; raise "boom"; rescue => e; puts e.message; end
f = Fiber.new { Fiber.yield 1; 2 }
puts f.resume + f.resume, catch(:done) { 10.times { |i| throw :done, i if i == 7 } }
File.write("/out.txt", "x" * 5000)
puts File.size("/out.txt"), "ä".unpack("U*").sum, format("%.3f", Math::PI)
$stdout.flush
"""
RUBY_PRINTED = b"[1, 1099511627776, 12157665459056928801]\nboom\n3\n7\n5000\n228\n3.142\n"


def test_perl(reactor):
    perl, stdout = reactor("perl", "malloc", files={"dev/null": b""})
    exports = perl.exports
    assert exports.zeroperl_init() == 0
    script, _ = perl.text(PERL)
    assert exports.zeroperl_eval(script, 0, 0, 0) == 0, perl.string(exports.zeroperl_last_error())
    exports.zeroperl_flush()
    assert stdout.getvalue() == PERL_PRINTED
    assert perl.environment.files("/")["out.txt"] == b"x" * 5000


def test_ruby(reactor):
    handles = ("resource_new_rb-abi-value", "resource_get_rb-abi-value")
    hosts = {name: lambda value: value for name in handles}
    ruby, stdout = reactor("ruby", "cabi_realloc", hosts, {"empty": b""})
    functions = {name.partition(":")[0]: function for name, function in ruby.exports}
    command = ["ruby.wasm", "-W0", "--disable=gems", "-e_=0", "-EUTF-8"]
    arguments = b"".join(struct.pack("<II", *ruby.text(argument)) for argument in command)
    functions["ruby-init"](ruby.data(arguments), len(command))
    result = functions["rb-eval-string-protect"](*ruby.text(RUBY))
    _, state = struct.unpack("<II", ruby.exports.memory.read(result, 8))
    assert (state, stdout.getvalue()) == (0, RUBY_PRINTED)
    assert ruby.environment.files("/")["out.txt"] == b"x" * 5000
