// Package meter rewrites modules so that what they run can be interrupted and measured.
//
// What a pass adds comes at the end of its index space, so that no index of the module changes: globals that guest and
// host share, a table of hooks, which the host sets after instantiation and before any guest code runs, and functions, which
// call the hooks and do long operations in pieces.
//
// # Interruption
//
// Interrupt adds safe points: places where the guest tests a global, the flag, and, if it is not zero, clears it and calls
// the hook. Functions that need none stay as they are, and so does a module without any.
//
// It takes 1 % of time (geometric mean of the kernels; Fuel takes 7 to 10 %, Depth 2 %); docs/RATIONALE.md has the figures.
//
// Every endless path has a safe point, and there are about limit instructions at most between two of them:
//
//   - at the head of loops, unless every way around passes another safe point;
//   - at the entry of functions, or before calls through tables and references, so that no cycle of calls is without;
//   - after recursive calls, if more than a few instructions follow that would be done when a chain of calls returns;
//   - on long paths without loops, and where calls make them long: forty functions that each call the next one twice run
//     for ever without a loop;
//   - before the first call of an import, which may lead back into the module;
//   - between the pieces of a bulk operation, and between those of a wait, which lasts for 10 ms at most.
//
// # Fuel
//
// Fuel divides bodies into regions: code that runs as often as its start does, if nothing traps. It need not be contiguous;
// what follows a block that can only be left at its end belongs to the region before it. A region is paid at its start.
// Payments are safe points, and the test for the flag is the one for the fuel: the guest compares what would be left with
// the flag, which is 0 or the largest number there is. Only the host writes it while the guest runs, so no store is lost,
// as it might be if the host took fuel away. In an outermost loop without calls, a local holds a copy of the fuel, so that
// the guest does not wait for what it has just stored.
//
// # Depth
//
// Depth counts down a global at the entry of functions on cycles of the graph of calls, and up again where they end: their
// body becomes a block, and return a branch to its end. Functions that catch exceptions know what the global was.
//
// # The host
//
// wazero's compiler keeps a global that a module defines in the context of the instance, at opaquePtr +
// offsets.GlobalsBegin + 16*index, where machine code loads it at each test; its interpreter in the field Val of
// Globals[index]. (The fields are those of wazero's internal moduleEngine, compiledModule and ModuleInstance.) Both are
// aligned, and any thread may store Raised there while the guest runs.
//
// That thread must not be one that Go stops. A guest in machine code cannot be preempted, so a collection of garbage that
// begins while it runs waits for its next call into Go, with all goroutines, the one that would set the flag included.
// A thread of C, or a system call that writes into memory, is not stopped.
//
// The flag is cleared before the hook is called, so that nothing is lost that is asked for meanwhile; a hook that sets the
// flag itself is called again at once. The hook unwinds the guest by a panic.
package meter
