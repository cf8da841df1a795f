package wasi

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi/confined"
	"github.com/pywasm-go/pywasm/core/wasi/memfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// Config says what an environment holds. The zero Config gives a guest a clock, randomness, and nothing else.
type Config struct {
	Args   []string // the program's name first
	Env    []Variable
	Mounts []Mount

	// Stdin is read by a goroutine of its own, at most one chunk ahead of the guest and only when that asks, unless it is an
	// *os.File that the host can wait for, has a Len method, as readers of memory do, or is Inline. Nil is empty.
	Stdin io.Reader
	// Stdout and Stderr are written to by the goroutine that runs the guest, so by several at a time if several guests run.
	// Nil discards.
	Stdout, Stderr io.Writer

	// Listen holds TCP addresses (host:port) to listen on. The sockets are descriptors that follow those of the mounts.
	Listen []string

	FixedTime *time.Time // the clocks start here and only move with the guest; nil is the host's time
	Seed      *uint64    // of reproducible randomness; nil is the host's

	// Interrupt, if set, is asked at least every 50 ms while a guest waits. An error ends the call of the guest, and is what the
	// call fails with. The context of that call works likewise.
	Interrupt func() error
}

// Variable is an environment variable.
type Variable struct{ Name, Value string }

// Mount is a directory that the guest finds open: one of the host, or one in memory.
type Mount struct {
	Guest    string            // what the guest calls it
	Host     string            // the directory; empty for one in memory
	Files    map[string][]byte // of one in memory, as in memfs.New
	ReadOnly bool
	Quota    int64 // bytes that may be added, or held in memory; 0 is no limit, or DefaultMemory
}

// DefaultMemory is the quota of a mount in memory that does not give one.
const DefaultMemory = 256 << 20

// ConfigError says what is wrong with a Config.
type ConfigError struct{ text string }

func (e *ConfigError) Error() string { return e.text }

func configErrorf(format string, args ...any) error {
	return &ConfigError{fmt.Sprintf(format, args...)}
}

// The texts of these errors are those that users of wasmer know.

func checkArgs(args []string) error {
	for _, arg := range args {
		if strings.IndexByte(arg, 0) >= 0 {
			return configErrorf("argument contains null byte: `%s`", strings.ReplaceAll(arg, "\x00", `\x00`))
		}
	}
	return nil
}

func environ(vars []Variable) (env []string, err error) {
	for _, v := range vars {
		var what string
		switch {
		case strings.IndexByte(v.Name, 0) >= 0:
			what = fmt.Sprintf("nul byte in env var key %q", v.Name)
		case strings.IndexByte(v.Name, '=') >= 0:
			what = fmt.Sprintf("equal sign in env var key %q", v.Name)
		case strings.IndexByte(v.Value, 0) >= 0:
			what = fmt.Sprintf("nul byte in env var value %q", v.Value)
		default:
			env = append(env, v.Name+"="+v.Value)
			continue
		}
		return nil, configErrorf("bad environment variable format: `found %s (key=value)`", what)
	}
	return env, nil
}

// open opens what is mounted. The file system in memory, if it is one, is also given by itself.
func (m Mount) open(now func() int64) (dir vfs.Dir, mem *memfs.FS, err error) {
	if strings.IndexByte(m.Guest, 0) >= 0 {
		return nil, nil, configErrorf("wasi filesystem creation error: `guest path %q contains a null byte`", m.Guest)
	}
	if m.Host == "" {
		quota := m.Quota
		if quota == 0 {
			quota = DefaultMemory
		}
		if mem, err = memfs.New(m.Files, quota, now); err != nil {
			return nil, nil, configErrorf("wasi filesystem creation error: `%v`", err)
		}
		return mem.Root(), mem, nil
	}
	if dir, err = confined.Open(m.Host); err != nil {
		return nil, nil, configErrorf("wasi filesystem creation error: `Could not get metadata for file %q: %s`", m.Host, hostError(err))
	}
	if m.Quota > 0 {
		dir = vfs.NewQuota(m.Quota, vfs.MaxEntries).Limit(dir)
	}
	return dir, nil, nil
}

func hostError(err error) string {
	var pathErr *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "entity not found"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &pathErr):
		return pathErr.Err.Error()
	}
	return err.Error()
}

func (cfg Config) newClock() clock {
	if cfg.FixedTime == nil {
		return realClock{time.Now()}
	}
	start := cfg.FixedTime.UnixNano()
	return &fixedClock{start: start, now: start}
}

func (cfg Config) newRandom() io.Reader {
	if cfg.Seed == nil {
		return rand.Reader
	}
	seed := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, *cfg.Seed))
	return &seededRandom{source: mathrand.NewChaCha8(seed)}
}

type seededRandom struct {
	mu     sync.Mutex
	source *mathrand.ChaCha8
}

func (r *seededRandom) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
