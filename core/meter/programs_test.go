package meter_test

// program is a module that ends. Each of its functions that take nothing is called, and must give the same results
// before and after.
type program struct{ name, text string }

var programs = []program{
	{"loops in loops", `
		(func (export "a") (result i32) (local $i i32) (local $j i32) (local $sum i32)
			(loop $outer
				(local.set $j (i32.const 0))
				(loop $inner
					(local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (local.get $j)))
					(br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 7)))
					(br_if $outer (i32.and (local.get $sum) (i32.const 1))))
				(br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))
			(local.get $sum))`},
	{"a loop with parameters and results", `
		(func (export "a") (result i32 i64) (local i32 i64)
			i32.const 100 i64.const 1
			(loop $l (param i32 i64) (result i32 i64)
				(local.set 1) (local.set 0)
				local.get 0 i32.const 1 i32.sub local.tee 0
				local.get 1 i64.const 3 i64.mul i64.const 1 i64.add
				(br_if $l (local.get 0)))
			) `},
	{"a value under a loop", `
		(func (export "a") (result i32) (local $i i32)
			i32.const 40 i32.const 2
			(loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 9))))
			i32.add local.get $i i32.add)`},
	{"br_table into loops", `
		(func $f (param $n i32) (result i32) (local $sum i32)
			(loop $a
				(local.set $sum (i32.add (local.get $sum) (i32.const 1)))
				(loop $b
					(local.set $sum (i32.add (local.get $sum) (i32.const 10)))
					(loop $c
						(local.set $sum (i32.add (local.get $sum) (i32.const 100)))
						(if (i32.eqz (local.get $n)) (then (return (local.get $sum))))
						(local.set $n (i32.sub (local.get $n) (i32.const 1)))
						(br_table $a $b $c $b $a (i32.rem_u (local.get $n) (i32.const 6))))))
			(unreachable))
		(func (export "a") (result i32) (call $f (i32.const 0)))
		(func (export "b") (result i32) (call $f (i32.const 1000)))`},
	{"br_table with a value", `
		(func (export "a") (result i32) (local $n i32)
			(local.set $n (i32.const 20))
			(i32.const 1)
			(loop $l (param i32) (result i32)
				(i32.mul (i32.const 3))
				(local.set $n (i32.sub (local.get $n) (i32.const 1)))
				(block $out (param i32) (result i32)
					(br_table $out $l (local.get $n)))))`},
	{"code that is never reached", `
		(func (export "a") (result i32) (local $n i32)
			(block $out
				(loop $l
					(br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 5)))
					(br $out)
					(loop $dead (result i32) (br $dead) (br_if $dead) (i32.const 1) (loop (param i32) (br 0)) (br_table $dead $l))
					(drop)))
			(local.get $n))`},
	{"a loop without turns", `
		(func (export "a") (result i32) (loop (result i32) (block (br 0)) (i32.const 7)))`},
	{"if and else in loops", `
		(func (export "a") (result i32) (local $n i32) (local $sum i32)
			(loop $l
				(if (i32.and (local.get $n) (i32.const 1))
					(then (local.set $sum (i32.add (local.get $sum) (local.get $n))) (br_if 1 (i32.ge_u (local.get $n) (i32.const 1000))))
					(else (local.set $sum (i32.xor (local.get $sum) (local.get $n)))))
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(br_if $l (i32.lt_u (local.get $n) (i32.const 100))))
			(local.get $sum))`},
	{"recursion", `
		(func $fib (param i32) (result i32)
			(if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
				(else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
		(func (export "a") (result i32) (call $fib (i32.const 20)))
		(func $ackermann (param i64 i64) (result i64)
			(if (i64.eqz (local.get 0)) (then (return (i64.add (local.get 1) (i64.const 1)))))
			(if (i64.eqz (local.get 1)) (then (return (call $ackermann (i64.sub (local.get 0) (i64.const 1)) (i64.const 1)))))
			(call $ackermann (i64.sub (local.get 0) (i64.const 1))
				(call $ackermann (local.get 0) (i64.sub (local.get 1) (i64.const 1)))))
		(func (export "b") (result i64) (call $ackermann (i64.const 2) (i64.const 30)))`},
	{"mutual recursion", `
		(func $even (param i32) (result i32)
			(if (result i32) (local.get 0) (then (call $odd (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 1))))
		(func $odd (param i32) (result i32)
			(if (result i32) (local.get 0) (then (call $even (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 0))))
		(func (export "a") (result i32) (call $even (i32.const 1001)))
		(func (export "b") (result i32) (call $odd (i32.const 1001)))`},
	{"recursion through a table", `
		(type $t (func (param i32) (result i32)))
		(table 2 funcref) (elem (i32.const 0) $down $up)
		(func $down (type $t)
			(if (result i32) (local.get 0)
				(then (i32.add (i32.const 1) (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.and (local.get 0) (i32.const 1)))))
				(else (i32.const 0))))
		(func $up (type $t) (i32.mul (i32.const 2) (call_indirect (type $t) (local.get 0) (i32.const 0))))
		(func (export "a") (result i32) (call_indirect (type $t) (i32.const 30) (i32.const 1)))`},
	{"recursion through references", `
		(type $t (func (param i32) (result i32)))
		(elem declare func $f)
		(func $f (type $t)
			(if (result i32) (local.get 0)
				(then (i32.add (local.get 0) (call_ref $t (i32.sub (local.get 0) (i32.const 1)) (ref.func $f))))
				(else (i32.const 0))))
		(func (export "a") (result i32) (call_ref $t (i32.const 300) (ref.func $f)))`},
	{"branches on references", `
		(type $t (func (result i32)))
		(elem declare func $one)
		(func $one (type $t) (i32.const 1))
		(func (export "a") (result i32) (local $f (ref null $t)) (local $n i32)
			(local.set $f (ref.func $one))
			(loop $l
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(if (i32.gt_u (local.get $n) (i32.const 5)) (then (local.set $f (ref.null $t))))
				(block $null (drop (br_on_null $null (local.get $f))) (br $l)))
			(local.get $n))
		(func (export "b") (result i32) (local $f (ref null $t)) (local $n i32)
			(ref.func $one)
			(loop $l (param (ref $t)) (result i32)
				(drop)
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(if (i32.lt_u (local.get $n) (i32.const 5)) (then (local.set $f (ref.func $one))) (else (local.set $f (ref.null $t))))
				(br_on_non_null $l (local.get $f))
				(local.get $n)))`},
	{"tail calls", `
		(type $t (func (param i32 i32) (result i32)))
		(table 1 funcref) (elem (i32.const 0) $sum)
		(func $sum (type $t)
			(if (i32.eqz (local.get 0)) (then (return (local.get 1))))
			(return_call $other (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 0) (local.get 1))))
		(func $other (type $t)
			(return_call_indirect (type $t) (local.get 0) (local.get 1) (i32.const 0)))
		(func (export "a") (result i32) (call $sum (i32.const 100000) (i32.const 0)))`},
	{"a tree of calls", tree(12, 2)},
	{"bulk operations", `
		(memory 40)
		(func (export "a") (result i32) (local $i i32) (local $sum i32)
			(memory.fill (i32.const 5) (i32.const 7) (i32.const 2000000))
			(memory.fill (i32.const 100) (i32.const 9) (i32.const 16))
			(i32.store (i32.const 1000) (i32.const 0x12345678))
			(memory.copy (i32.const 300000) (i32.const 3) (local.tee $i (i32.const 1500000)))
			(memory.copy (i32.const 3) (i32.const 300001) (local.get $i))
			(memory.copy (i32.const 4) (i32.const 3) (local.get $i))
			(memory.copy (i32.const 0x200000) (i32.const 0) (i32.const 0x80000))
			(call $sum))
		(func $sum (result i32) (local $i i32) (local $sum i32)
			(loop $l
				(local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.load (local.get $i))))
				(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 2621436))))
			(local.get $sum))
		(func $fill (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
		(func (export "b") (result i32) (call $fill (i32.const 1) (i32.const 2621440)) (call $sum))
		(func (export "c") (result i32) (call $fill (i32.const 0) (i32.const 2621440)) (call $sum))
		(func (export "d") (result i32) (call $fill (i32.const -1) (i32.const 500000)) (call $sum))
		(func $copy (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
		(func (export "e") (result i32) (call $copy (i32.const 0) (i32.const 2400000) (i32.const 300000)) (call $sum))
		(func (export "f") (result i32) (call $copy (i32.const 2400000) (i32.const 0) (i32.const 300000)) (call $sum))
		(func (export "g") (result i32) (call $sum))`},
	{"bulk operations on tables", `
		(table $a 100000 funcref) (table $b 90000 funcref) (elem $e func $one $two)
		(func $one) (func $two)
		(func $count (result i32) (local $i i32) (local $sum i32)
			(loop $l
				(local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 3)) (ref.is_null (table.get $a (local.get $i)))))
				(br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000))))
			(local.get $sum))
		(func $fill (param i32 i32) (table.fill $a (local.get 0) (ref.func $one) (local.get 1)))
		(func $copy (param i32 i32 i32) (table.copy $a $a (local.get 0) (local.get 1) (local.get 2)))
		(func $other (param i32 i32 i32) (table.copy $a $b (local.get 0) (local.get 1) (local.get 2)))
		(func (export "a") (result i32) (call $fill (i32.const 10) (i32.const 70000)) (call $count))
		(func (export "b") (result i32) (call $fill (i32.const 10) (i32.const 99991)) (call $count))
		(func (export "c") (result i32) (call $copy (i32.const 3) (i32.const 0) (i32.const 99000)) (call $count))
		(func (export "d") (result i32) (call $copy (i32.const 0) (i32.const 1) (i32.const 99999)) (call $count))
		(func (export "e") (result i32) (table.init $b $e (i32.const 5) (i32.const 0) (i32.const 2))
			(call $other (i32.const 7) (i32.const 0) (i32.const 80000)) (call $count))
		(func (export "f") (result i32) (call $other (i32.const 20000) (i32.const 0) (i32.const 90001)) (call $count))
		(elem declare func $one)`},
	{"nothing to do", `
		(func (export "a") (result i32) (i32.add (call $b) (i32.const 1)))
		(func $b (result i32) (i32.const 41))`},
}

// caught programs use exceptions, which wazero's compiler gets wrong, so they run in its interpreter only.
var caught = []program{
	{"loops in try_table", `
		(tag $e (param i32))
		(func (export "a") (result i32) (local $n i32) (local $sum i32)
			(loop $l
				(local.set $sum (i32.add (local.get $sum)
					(block $h (result i32)
						(try_table (catch $e $h)
							(loop $in
								(local.set $n (i32.add (local.get $n) (i32.const 1)))
								(br_if $in (i32.and (local.get $n) (i32.const 3)))
								(throw $e (local.get $n))))
						(unreachable))))
				(br_if $l (i32.lt_u (local.get $n) (i32.const 100))))
			(local.get $sum))`},
	{"a catch that leads to a loop", `
		(tag $e)
		(func $throw (throw $e))
		(func (export "a") (result i32) (local $n i32)
			(loop $l
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(try_table (catch_all $l)
					(if (i32.lt_u (local.get $n) (i32.const 30)) (then (call $throw)))))
			(local.get $n))
		(func (export "b") (result i32) (local $n i32)
			(block $ref (result exnref)
				(loop $l (result exnref)
					(local.set $n (i32.add (local.get $n) (i32.const 1)))
					(try_table (catch $e $l) (catch_all_ref $ref)
						(if (i32.lt_u (local.get $n) (i32.const 30)) (then (call $throw))))
					(return (local.get $n))))
			(drop) (i32.const -1))`},
}

// endless programs never end: their function "run" is stopped.
var endless = []program{
	{"an empty loop", `(func (export "run") (loop $l (br $l)))`},
	{"a counting loop", `
		(func (export "run") (local $n i64)
			(loop $l (local.set $n (i64.add (local.get $n) (i64.const 1))) (br_if $l (i64.ne (local.get $n) (i64.const 0)))))`},
	{"loops around a short loop", `
		(func (export "run") (local $n i32)
			(loop $l
				(if (i32.eqz (local.get $n)) (then (loop $in (br_if $in (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 5))))))
				(br $l)))`},
	{"a loop around a loop", `
		(func (export "run") (local $n i32)
			(loop $l (loop $in (br_if $in (i32.rem_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 5)))) (br $l)))`},
	{"a loop with parameters", `
		(func (export "run") (i32.const 1) (i64.const 1) (loop $l (param i32 i64) (br $l)))`},
	{"a loop through br_table", `
		(func (export "run") (local $n i32)
			(loop $a (loop $b (loop $c
				(local.set $n (i32.add (local.get $n) (i32.const 1)))
				(br_table $a $b $c (i32.rem_u (local.get $n) (i32.const 3)))))))`},
	{"a loop through br_on_null", `
		(func (export "run") (local $f funcref) (loop $l (drop (br_on_null $l (local.get $f)))))`},
	{"a loop through br_on_non_null", `
		(elem declare func $g) (func $g)
		(func (export "run") (ref.func $g) (loop $l (param (ref func)) (br_on_non_null $l)))`},
	{"a loop around calls", `
		(func $f (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
		(func (export "run") (local $n i32) (loop $l (local.set $n (call $f (local.get $n))) (br $l)))`},
	{"a loop around a function with a loop", `
		(func $f (param i32) (if (local.get 0) (then (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))
		(func (export "run") (loop $l (loop $m (call $f (i32.const 0)) (br_if $m (i32.const 0))) (br $l)))`},
	{"recursion that returns", `
		(func $fib (param i64) (result i64)
			(if (result i64) (i64.lt_u (local.get 0) (i64.const 2)) (then (local.get 0))
				(else (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1))) (call $fib (i64.sub (local.get 0) (i64.const 2)))))))
		(func (export "run") (drop (call $fib (i64.const 90))))`},
	{"mutual recursion that returns", `
		(func $a (param i32) (if (local.get 0) (then (call $b (i32.sub (local.get 0) (i32.const 1))) (call $b (i32.sub (local.get 0) (i32.const 1))))))
		(func $b (param i32) (if (local.get 0) (then (call $c (i32.sub (local.get 0) (i32.const 1))) (call $a (i32.sub (local.get 0) (i32.const 1))))))
		(func $c (param i32) (call $a (local.get 0)) (call $b (local.get 0)))
		(func (export "run") (call $a (i32.const 100)))`},
	{"recursion through a table", `
		(type $t (func (param i32))) (table 2 funcref) (elem (i32.const 0) $a $b)
		(func $a (type $t) (if (local.get 0) (then
			(call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))
			(call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
		(func $b (type $t) (if (local.get 0) (then (call $a (local.get 0)) (call $a (local.get 0)))))
		(func (export "run") (call $a (i32.const 100)))`},
	{"recursion through a table that others see", `
		(type $t (func (param i32))) (table (export "t") 2 funcref) (elem (i32.const 0) $a)
		(func $a (type $t) (if (local.get 0) (then
			(call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))
			(call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
		(func (export "run") (call $a (i32.const 100)))`},
	{"recursion in a loop", `
		(func $walk (param i32) (local $n i32)
			(if (i32.eqz (local.get 0)) (then (return)))
			(loop $l (call $walk (i32.sub (local.get 0) (i32.const 1))) (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 4)))))
		(func (export "run") (call $walk (i32.const 100)))`},
	{"recursion in an outer loop", `
		(func $walk (param i32) (local $n i32)
			(if (i32.eqz (local.get 0)) (then (return)))
			(loop $l
				(call $walk (i32.sub (local.get 0) (i32.const 1)))
				(loop $m (br_if $m (i32.and (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 1))))
				(br_if $l (i32.lt_u (local.get $n) (i32.const 8)))))
		(func (export "run") (call $walk (i32.const 100)))`},
	{"tail calls to itself", `(func $f (export "run") (return_call $f))`},
	{"tail calls in a circle", `
		(type $t (func)) (table 1 funcref) (elem (i32.const 0) $a)
		(func $a (type $t) (return_call $b)) (func $b (type $t) (return_call_indirect (type $t) (i32.const 0)))
		(func (export "run") (call $a))`},
	{"tail calls of references", `
		(type $t (func)) (elem declare func $a)
		(func $a (type $t) (return_call_ref $t (ref.func $a)))
		(func (export "run") (call $a))`},
	{"a tree of calls", "(func (export \"run\") (drop (call $f60)))" + tree(60, 2)},
	{"a tree of many calls", "(func (export \"run\") (drop (call $f15)))" + tree(15, 30)},
	{"filling a large memory", `
		(memory 8192)
		(func (export "run") (loop $l (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x1fff0000)) (br $l)))`},
	{"calls of functions without loops", `
		(func $f0 (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
		(func (export "run") (local $n i32)
			(loop $l (loop $m (local.set $n (call $f0 (local.get $n))) (br_if $m (i32.and (local.get $n) (i32.const 1)))) (br $l)))`},
}

// endlessCaught are endless programs with exceptions.
var endlessCaught = []program{
	{"throwing for ever", `
		(tag $e) (func (export "run") (loop $l (try_table (catch_all $l) (throw $e))))`},
	{"throwing from a function for ever", `
		(tag $e) (func $f (throw $e))
		(func (export "run") (loop $l (try_table (catch $e $l) (call $f))))`},
	{"throwing out of loops for ever", `
		(tag $e)
		(func (export "run") (loop $l (block $h (try_table (catch $e $h) (loop $m (throw $e) (br $m)))) (br $l)))`},
}
