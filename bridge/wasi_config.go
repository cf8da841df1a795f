package bridge

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"

	"github.com/pywasm-go/pywasm/core/engine"
	"github.com/pywasm-go/pywasm/core/wasi"
)

// An environment crosses in one piece, since each call costs more than all that most environments hold. pywasm/wasi.py writes
// records: a byte that says which, then its fields. Numbers have 8 bytes, little-endian; text is preceded by its length; content,
// which may be large, is where an address says, for Go to copy.

// wasiConfig is what the records say.
type wasiConfig struct {
	wasi.Config
	opened   []*os.File
	captures [3]*wasi.Capture // of stdout and stderr
}

// records are those that are still to be read.
type records struct{ rest []byte }

func (r *records) number() int64 {
	n := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return int64(n)
}

func (r *records) text() string {
	n := r.number()
	text := string(r.rest[:n])
	r.rest = r.rest[n:]
	return text
}

func (r *records) content() []byte {
	address, size := r.number(), r.number()
	return bytes.Clone(borrowed(address, size))
}

// Stream makes a reader and writer of the object in Python at an address. The data plane sets it.
var Stream func(object unsafe.Pointer) io.ReadWriter

func (w *wasiConfig) read(r records) (err error) {
	for len(r.rest) > 0 && err == nil {
		kind := r.rest[0]
		r.rest = r.rest[1:]
		if kind >= 'A' && kind <= 'Z' {
			err = w.readStream(kind, int(r.number()), &r)
		} else {
			w.readSetting(kind, &r)
		}
	}
	return err
}

func (w *wasiConfig) readSetting(kind byte, r *records) {
	switch kind {
	case 'a': // an argument, the first being the program's name
		w.Args = append(w.Args, r.text())
	case 'e': // an environment variable
		w.Env = append(w.Env, wasi.Variable{Name: r.text(), Value: r.text()})
	case 'd': // a directory of the host
		w.Mounts = append(w.Mounts, wasi.Mount{Guest: r.text(), Host: r.text(), ReadOnly: r.number() != 0, Quota: r.number()})
	case 'm': // one in memory
		w.Mounts = append(w.Mounts, wasi.Mount{Guest: r.text(), Files: map[string][]byte{}, ReadOnly: r.number() != 0, Quota: r.number()})
	case 'f': // a file in the one before
		path := r.text()
		w.Mounts[len(w.Mounts)-1].Files[path] = r.content()
	case 't': // fixed clocks, in nanoseconds since 1970
		start := time.Unix(0, r.number())
		w.FixedTime = &start
	case 's': // the seed of randomness
		seed := uint64(r.number())
		w.Seed = &seed
	case 'l': // an address to listen on
		w.Listen = append(w.Listen, r.text())
	default:
		panic(fmt.Sprintf("no record of WASI is of kind %q", kind))
	}
}

// readStream reads what a standard stream is: its number is 0 to 2.
func (w *wasiConfig) readStream(kind byte, number int, r *records) (err error) {
	switch kind {
	case 'B': // bytes to read
		w.Stdin = bytes.NewReader(r.content())
	case 'F': // a file, see openStream
		err = w.openStream(number, r.text())
	case 'P': // an object of Python's
		w.connect(number, Stream(pointer(r.number())))
	case 'C': // to be kept, up to a limit
		w.captures[number] = wasi.NewCapture(int(r.number()))
		w.output(number, w.captures[number])
	case 'D': // to be discarded
		w.output(number, nil)
	case 'J': // stderr goes where stdout does
		w.Stderr = w.Stdout
	default:
		panic(fmt.Sprintf("no stream of WASI is of kind %q", kind))
	}
	return err
}

// openStream opens a file, which is made or emptied if it is to be written. Opening a FIFO to read does not wait for a writer: the
// guest does, which can be ended.
func (w *wasiConfig) openStream(number int, path string) error {
	flags := os.O_RDONLY | syscall.O_NONBLOCK
	if number > 0 {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(path, flags, 0o666)
	if err != nil {
		return &engine.Error{Code: engine.CodeRuntime, Text: "cannot open a stream: " + err.Error()}
	}
	w.opened = append(w.opened, file)
	w.connect(number, file)
	return nil
}

func (w *wasiConfig) connect(number int, stream io.ReadWriter) {
	if number == 0 {
		w.Stdin = stream
	} else {
		w.output(number, stream)
	}
}

func (w *wasiConfig) output(number int, stream io.Writer) {
	if number == 1 {
		w.Stdout = stream
	} else {
		w.Stderr = stream
	}
}
