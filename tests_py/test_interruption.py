"""Ends of calls that the guest did not choose: Ctrl-C, timeouts, other threads, asyncio, fuel.

What could hang where the code is wrong is under pytest's timeout, or in a process of its own.
"""

import asyncio
import math
import os
import signal
import sys
import threading

import pytest

import pywasm
from pywasm import FuelExhausted, Function, Instance, Interrupted, Module, Timeout, engine, wasi

# Ways to run for ever, and one that ends.
GUEST = """(module
    (import "env" "host" (func $host))
    (memory (export "memory") 1 16 shared)
    (table $t 1 funcref)
    (elem (i32.const 0) $forever)
    (type $nullary (func))
    (func $fork (param $depth i32)
        (if (local.get $depth) (then
            (call $fork (i32.sub (local.get $depth) (i32.const 1)))
            (call $fork (i32.sub (local.get $depth) (i32.const 1))))))
    (func $forever (export "loop") (loop (br 0)))
    (func (export "recursion") (call $fork (i32.const 100)))
    (func (export "tail_calls") (return_call_indirect (type $nullary) (i32.const 0)))
    (func (export "callbacks") (loop (call $host) (br 0)))
    (func (export "wait")
        (loop (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))) (br 0)))
    (func (export "fills")
        (loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0)))
    (func (export "count") (param $n i32) (result i32) (local $i i32)
        (loop
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $i) (local.get $n))))
        (local.get $i))
    (func (export "call") (call $host)))"""

NULLARY = pywasm.FunctionType([], [])

ENDLESS = ["loop", "recursion", "tail_calls", "callbacks", "wait", "fills"]


@pytest.fixture
def guest(compile_text):
    def make(host=lambda: None, **limits):
        module = compile_text(GUEST)
        return Instance(module, {"env": {"host": Function(module.store, host, NULLARY)}}, **limits)

    return make


def host_function():
    """A host function of type [] -> []."""


def raises(error, function):
    """A thread that calls a function, which raises."""

    def call():
        with pytest.raises(error):
            function()

    return threading.Thread(target=call, daemon=True)


class TestSignals:
    @pytest.fixture(params=ENDLESS)
    def endless(self, request):
        return request.param

    @staticmethod
    def interrupt_soon():
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    @pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
    def test_ctrl_c_ends_any_guest(self, guest, endless):
        instance = guest()
        self.interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            getattr(instance.exports, endless)()
        assert instance.exports.count(5) == 5

    @pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
    def test_through_nested_host_calls(self, guest):
        inner = guest()
        middle = guest(inner.exports.loop)
        outer = guest(lambda: middle.exports.call())
        self.interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            outer.exports.call()
        assert [i.exports.count(3) for i in (inner, middle, outer)] == [3, 3, 3]

    @pytest.mark.skipif(sys.platform == "win32", reason="there is no setitimer")
    def test_handlers_run_meanwhile_and_the_guest_goes_on(self, guest):
        ticks = []
        before = signal.signal(signal.SIGALRM, lambda *_: ticks.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        try:
            instance = guest()
            rounds = 1_000_000
            while len(ticks) < 5:
                assert instance.exports.count(rounds) == rounds
                rounds *= 2
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    @pytest.mark.skipif(sys.platform == "win32", reason="there is no setitimer")
    def test_what_a_handler_raises_arrives_unchanged(self, guest):
        error = ZeroDivisionError("mine")

        def handler(*_):
            raise error

        before = signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        try:
            with pytest.raises(ZeroDivisionError) as caught:
                guest().exports.loop()
        finally:
            signal.signal(signal.SIGALRM, before)
        assert caught.value is error

    @pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")
    def test_a_handler_may_call_the_guest_that_it_interrupts(self, guest):
        seen = []
        instance = guest()
        before = signal.signal(
            signal.SIGUSR1, lambda *_: seen.append(instance.exports.count(7)) or 1 / 0
        )
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        try:
            with pytest.raises(ZeroDivisionError):
                instance.exports.loop()
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert seen == [7]


class TestTimeouts:
    @pytest.mark.parametrize("endless", ENDLESS)
    def test_of_an_instance(self, guest, endless):
        instance = guest(timeout=0.05)
        with pytest.raises(Timeout) as caught:
            getattr(instance.exports, endless)()
        assert isinstance(caught.value, TimeoutError)
        assert instance.exports.count(5) == 5

    def test_of_a_store_is_for_each_call(self, compiler):
        with pywasm.Store(engine.JIT(compiler), timeout=0.05) as store:
            instance = Instance(Module(store, '(module (func (export "f") (loop (br 0))))'))
            for _ in range(3):
                with pytest.raises(Timeout):
                    instance.exports.f()

    def test_an_instance_has_the_last_word(self, compiler):
        with pywasm.Store(engine.JIT(compiler), timeout=0.001) as store:
            text = """(module (func (export "f") (param i32)
                (loop (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                    (br_if 0 (local.get 0)))))"""
            instance = Instance(Module(store, text), timeout=math.inf)
            instance.exports.f(30_000_000)

    def test_of_a_block_holds_for_all_its_calls(self, guest):
        instance = guest()
        with instance.limits(timeout=0.05):
            for _ in range(3):
                with pytest.raises(Timeout):
                    instance.exports.loop()
        assert instance.exports.count(1_000_000) == 1_000_000

    def test_of_an_inner_block_cannot_be_longer(self, guest):
        instance = guest()
        both = instance.limits(timeout=0.05), instance.limits(timeout=1000)
        with both[0], both[1], pytest.raises(Timeout):
            instance.exports.loop()

    def test_of_the_start_function(self, compile_text):
        module = compile_text("(module (func $f (loop (br 0))) (start $f))")
        with pytest.raises(Timeout):
            Instance(module, timeout=0.05)

    def test_of_an_outer_call_ends_the_inner_one(self, guest):
        inner = guest()
        outer = guest(inner.exports.loop, timeout=0.05)
        with pytest.raises(Timeout):
            outer.exports.call()

    def test_that_a_host_function_has_caught_comes_again(self, guest):
        inner = guest()

        def stubborn():
            while True:
                try:
                    inner.exports.loop()
                except Timeout:
                    caught.append(1)
                    return

        caught = []
        outer = guest(stubborn, timeout=0.05)
        with pytest.raises(Timeout):
            outer.exports.callbacks()
        assert caught

    def test_while_another_thread_has_the_instance(self, guest):
        instance = guest()
        other = raises(Interrupted, instance.exports.loop)
        other.start()
        while not instance.interrupt():
            pass
        other.join()
        other = raises(Timeout, instance.exports.loop)
        with instance.limits(timeout=0.2):
            other.start()
            with pytest.raises(Timeout):
                instance.exports.loop()
            other.join()

    @pytest.mark.parametrize("wrong", [-1, math.nan])
    def test_what_is_no_timeout(self, guest, wrong):
        with pytest.raises(ValueError, match="seconds"):
            guest(timeout=wrong)
        with pytest.raises(ValueError, match="seconds"):
            pywasm.Store(timeout=wrong)


class TestInterrupt:
    @pytest.mark.parametrize("endless", ENDLESS)
    def test_from_another_thread(self, guest, endless):
        instance = guest()
        done = threading.Event()

        def interrupt():
            while not instance.interrupt():
                pass
            done.set()

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(Interrupted):
            getattr(instance.exports, endless)()
        thread.join()
        assert done.is_set()

    def test_nothing_runs(self, guest):
        instance = guest()
        assert instance.interrupt() is False
        assert instance.exports.count(1_000_000) == 1_000_000

    def test_others_go_on(self, guest):
        victim, other = guest(), guest()
        threading.Timer(0.05, victim.interrupt).start()
        results = []
        thread = threading.Thread(target=lambda: results.append(other.exports.count(3_000_000)))
        thread.start()
        with pytest.raises(Interrupted):
            victim.exports.loop()
        thread.join()
        assert results == [3_000_000]


class TestNotInterruptible:
    def test_guests_run_to_their_end(self, compiler):
        with pywasm.Store(engine.JIT(compiler, interruptible=False), timeout=0.001) as store:
            instance = Instance(
                Module(store, GUEST), {"env": {"host": Function(store, host_function, NULLARY)}}
            )
            assert instance.exports.count(3_000_000) == 3_000_000
            with pytest.raises(Timeout):
                instance.exports.callbacks()


class TestThreads:
    def test_python_goes_on_while_a_guest_loops(self, guest):
        instance = guest()
        counted = 0
        thread = raises(Interrupted, instance.exports.loop)
        thread.start()
        for _ in range(100_000):
            counted += 1
        while not instance.interrupt():
            pass
        thread.join()
        assert counted == 100_000

    def test_guests_that_wait_for_each_other(self, compile_text):
        module = compile_text("""(module
            (import "m" "memory" (memory 1 1 shared))
            (func (export "ping") (param i32)
                (loop (br_if 0 (i32.ne (i32.atomic.load (i32.const 0)) (local.get 0))))
                (i32.atomic.store (i32.const 0) (i32.sub (i32.const 1) (local.get 0)))))""")
        memory = pywasm.Memory(module.store, pywasm.MemoryType(1, 1, True))
        players = [Instance(module, {"m": {"memory": memory}}) for _ in range(2)]

        def play(number):
            for _ in range(20):
                players[number].exports.ping(number)

        threads = [threading.Thread(target=play, args=(n,), daemon=True) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(50)
            assert not thread.is_alive()


class TestAsyncio:
    def test_results_and_errors(self, guest):
        async def main():
            instance = guest(host=lambda: 1 / 0)
            assert await asyncio.gather(
                *(instance.exports.count.call_async(n) for n in (3, 4))
            ) == [
                3,
                4,
            ]
            with pytest.raises(ZeroDivisionError):
                await instance.exports.call.call_async()
            with pytest.raises(TypeError):
                await instance.exports.count.call_async()

        asyncio.run(main())

    @pytest.mark.parametrize("endless", ENDLESS)
    def test_cancellation_reaches_the_guest(self, guest, endless):
        async def main():
            instance = guest()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(getattr(instance.exports, endless).call_async(), 0.05)
            assert instance.exports.count(3) == 3

        asyncio.run(main())

    def test_the_loop_goes_on(self, guest):
        async def main():
            task = asyncio.ensure_future(guest().exports.loop.call_async())
            for _ in range(10):
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())


class TestWasi:
    @pytest.fixture(params=[0, -1], ids=["raw", "buffered"])
    def sleeper(self, request, store):
        """A guest that sleeps for an hour, or reads from stdin."""
        module = Module(
            store,
            """(module
            (import "wasi_snapshot_preview1" "poll_oneoff"
                (func $poll (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read"
                (func $read (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1)
            (data (i32.const 16) "\\01\\00\\00\\00") ;; the monotonic clock
            (data (i32.const 24) "\\00\\a0\\b8\\30\\46\\03\\00\\00") ;; an hour
            (data (i32.const 200) "\\00\\04\\00\\00\\01\\00\\00\\00")
            (func (export "sleep")
                (drop (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))))
            (func (export "read")
                (drop (call $read (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 128))))
            )""",
        )
        read, write = os.pipe()
        with os.fdopen(read, "rb", request.param) as stdin, os.fdopen(write, "wb", 0):
            environment = wasi.StateBuilder("sleeper").stdin(stdin).finalize()
            version = wasi.Version.SNAPSHOT1
            yield Instance(module, environment.generate_import_object(store, version))

    @pytest.mark.parametrize("name", ["sleep", "read"])
    def test_waiting_ends(self, sleeper, name):
        if name == "read" and sys.platform == "win32":
            pytest.skip("a pipe cannot be waited for there")
        with sleeper.limits(timeout=0.05), pytest.raises(Timeout):
            getattr(sleeper.exports, name)()


class TestFuel:
    @pytest.fixture
    def fueled(self, compiler):
        with pywasm.Store(engine.JIT(compiler), fuel=1000) as store:
            module = Module(store, GUEST)
            yield Instance(module, {"env": {"host": Function(store, host_function, NULLARY)}})

    @pytest.mark.parametrize("endless", [name for name in ENDLESS if name != "wait"])
    def test_ends_any_guest(self, fueled, endless):
        with pytest.raises(FuelExhausted):
            getattr(fueled.exports, endless)()
        assert 0 <= fueled.fuel <= 1000
        fueled.fuel = 1000
        assert fueled.exports.count(5) == 5

    def test_is_the_same_with_every_compiler(self):
        left = set()
        for compiler in (pywasm.compilers.optimizing, pywasm.compilers.interpreter):
            with pywasm.Store(engine.JIT(compiler.Compiler), fuel=10**6) as store:
                module = Module(store, GUEST)
                instance = Instance(
                    module, {"env": {"host": Function(store, host_function, NULLARY)}}
                )
                instance.exports.count(1000)
                instance.exports.call()
                left.add(instance.fuel)
        assert len(left) == 1

    def test_of_a_block(self, fueled):
        with fueled.limits(fuel=100), pytest.raises(FuelExhausted):
            fueled.exports.loop()
        assert 900 <= fueled.fuel < 1000

    def test_with_a_timeout(self, fueled):
        fueled.fuel = math.inf
        with fueled.limits(timeout=0.05), pytest.raises(Timeout):
            fueled.exports.loop()

    def test_nothing_is_counted_unless_asked_for(self, guest):
        instance = guest()
        assert instance.fuel is None
        with pytest.raises(ValueError, match="fuel="):
            instance.fuel = 1
        with pytest.raises(ValueError, match="fuel="), instance.limits(fuel=1):
            pass
        with pytest.raises(ValueError, match="fuel="):
            guest(fuel=1)

    @pytest.mark.parametrize(
        ("wrong", "error"),
        [(-1, ValueError), (1.5, TypeError), ("1", TypeError), (True, TypeError)],
    )
    def test_what_is_no_fuel(self, wrong, error):
        with pytest.raises(error, match="fuel"):
            pywasm.Store(fuel=wrong)
