package engine

import "testing"

func TestHoldings(t *testing.T) {
	each(t, func(t *testing.T, s *Store) {
		other := instantiate(t, s, `(module
			(func (export "f"))
			(global (export "g") externref (ref.null extern)))`)
		other.SetGlobal(0, 5, 0)
		i := instantiate(t, s, `(module
			(import "o" "g" (global $imported externref))
			(import "h" "f" (func $host (result i32)))
			(func $own)
			(elem declare func $own $host)
			(table $functions 4 funcref)
			(table $objects 5 externref)
			(global (mut externref) (ref.null extern))
			(global funcref (ref.func $own))
			(elem externref (global.get $imported)))`, export(t, other, "g"), constant(1))
		i.SetTable(0, 0, i.Reference(1))
		i.SetTable(0, 1, other.Reference(0))
		i.SetTable(0, 2, other.Reference(0))
		i.SetTable(0, 3, i.Reference(0))
		for at, object := range []uint64{7, 7, 0, 8} {
			i.SetTable(1, uint32(at), object)
		}
		i.SetGlobal(1, 9, 0)
		for _, functions := range []bool{true, false} {
			objects, owners := map[uint64]int{}, map[*Instance]int{}
			i.Holdings(functions, func(owner *Instance, external uint64) {
				if owner != nil {
					owners[owner]++
				} else {
					objects[external]++
				}
			})
			if len(objects) != 4 || objects[7] != 1 || objects[8] != 1 || objects[9] != 1 || objects[5] != 1 {
				t.Errorf("the instance holds the objects %v", objects)
			}
			if functions && (len(owners) != 1 || owners[other] != 1) || !functions && len(owners) != 0 {
				t.Errorf("the instance holds functions of %v", owners)
			}
		}
	})
}
