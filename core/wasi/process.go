package wasi

import (
	"encoding/binary"
	"runtime"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero/sys"
)

func argsSizesGet(c call) error    { return c.putSizes(c.args) }
func argsGet(c call) error         { return c.putStrings(c.args) }
func environSizesGet(c call) error { return c.putSizes(c.env) }
func environGet(c call) error      { return c.putStrings(c.env) }

func sizeOf(strings []string) (size uint32) {
	for _, s := range strings {
		size += uint32(len(s)) + 1
	}
	return size
}

func (c call) putSizes(strings []string) error {
	if err := c.put32(0, uint32(len(strings))); err != nil {
		return err
	}
	return c.put32(1, sizeOf(strings))
}

// putStrings writes pointers at parameter 0, and what they point to, each with a NUL, at parameter 1.
func (c call) putStrings(strings []string) error {
	pointers, err := c.bytes(0, uint32(4*len(strings)))
	if err != nil {
		return err
	}
	buf, err := c.bytes(1, sizeOf(strings))
	if err != nil {
		return err
	}
	at := c.u32(1)
	for _, s := range strings {
		binary.LittleEndian.PutUint32(pointers, at)
		n := copy(buf, s)
		buf[n] = 0
		pointers, buf, at = pointers[4:], buf[n+1:], at+uint32(n)+1
	}
	return nil
}

// randomChunk is how many random bytes are made between two looks at the interrupt.
const randomChunk = 1 << 20

func randomGet(c call) error {
	buf, err := c.bytes(0, c.u32(1))
	for err == nil && len(buf) > 0 {
		var n int
		n, err = c.random.Read(buf[:min(len(buf), randomChunk)])
		if buf = buf[n:]; len(buf) > 0 {
			c.checkInterrupt()
		}
	}
	return err
}

// procExit unwinds the guest with a *sys.ExitError, also for code 0. It does not close the module.
func procExit(c call) error { panic(sys.NewExitError(c.u32(0))) }

func procRaise(call) error { return vfs.ENOSYS }

func schedYield(c call) error {
	runtime.Gosched()
	c.checkInterrupt()
	return nil
}

// checkInterrupt unwinds the guest if its caller has given up.
func (c call) checkInterrupt() {
	if err := c.ctx.Err(); err != nil {
		panic(err)
	}
	if c.interrupt != nil {
		if err := c.interrupt(); err != nil {
			panic(err)
		}
	}
}
