(module
 (func $fib (export "fib") (param i64) (result i64) (if (result i64) (i64.lt_s (local.get 0) (i64.const 2)) (then (local.get 0)) (else (i64.add (call $fib (i64.sub (local.get 0) (i64.const 1))) (call $fib (i64.sub (local.get 0) (i64.const 2)))))))
 (func (export "sum") (param i64) (result i64) (local i64) (loop (local.set 1 (i64.add (local.get 1) (local.get 0))) (local.set 0 (i64.sub (local.get 0) (i64.const 1))) (br_if 0 (i64.ne (local.get 0) (i64.const 0)))) (local.get 1))
 (memory 1)
 (func (export "oob") (param i64) (result i64) (i64.load (i32.const -1)))
 (func (export "div") (param i64) (result i64) (i64.div_s (local.get 0) (i64.const 0)))
 (func (export "float") (param i64) (result i64) (i64.trunc_f64_s (f64.mul (f64.sqrt (f64.convert_i64_s (local.get 0))) (f64.const 1000000)))))
