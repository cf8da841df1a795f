package wasi

import (
	"io"
	"net"
	"runtime"

	"github.com/pywasm-go/pywasm/core/wasi/memfs"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// Environment is what the guests that share it see of the world. All its methods may be used at the same time.
type Environment struct {
	args, env []string
	clock     clock
	random    io.Reader
	interrupt func() error
	fds       *table
	activity  *activity
	memory    map[string]*memfs.FS // mounts in memory, by the guest's name
}

// New makes an environment. What is wrong with the Config is told now, not when the guest runs.
func New(cfg Config) (*Environment, error) {
	if err := checkArgs(cfg.Args); err != nil {
		return nil, err
	}
	env, err := environ(cfg.Env)
	if err != nil {
		return nil, err
	}
	e := &Environment{
		args: cfg.Args, env: env, clock: cfg.newClock(), random: cfg.newRandom(), interrupt: cfg.Interrupt,
		fds: &table{}, activity: newActivity(), memory: map[string]*memfs.FS{},
	}
	e.addStdio(cfg)
	err = e.addMounts(cfg.Mounts)
	if err == nil {
		err = e.addListeners(cfg.Listen)
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	runtime.AddCleanup(e, (*table).closeAll, e.fds)
	return e, nil
}

// Close closes all that guests hold open. Calls that are under way come to an end with what they have.
// It closes none of the streams that the Config gave.
func (e *Environment) Close() error {
	e.fds.closeAll()
	return nil
}

// Files gives the regular files of a mount in memory by path, without a leading slash. Nil if there is no such mount.
func (e *Environment) Files(guest string) map[string][]byte {
	if mem := e.memory[guest]; mem != nil {
		return mem.Files()
	}
	return nil
}

func (e *Environment) addStdio(cfg Config) {
	e.fds.insert(&handle{stream: newInput(cfg.Stdin, e.activity), base: streamRights | rightRead})
	e.fds.insert(&handle{stream: newOutput(cfg.Stdout), base: streamRights | rightWrite})
	e.fds.insert(&handle{stream: newOutput(cfg.Stderr), base: streamRights | rightWrite})
}

func (e *Environment) addMounts(mounts []Mount) error {
	for _, m := range mounts {
		dir, mem, err := m.open(e.clock.stamp)
		if err != nil {
			return err
		}
		if mem != nil {
			e.memory[m.Guest] = mem
		}
		_, err = e.fds.insert(&handle{
			dir: dir, typ: vfs.Directory, preopen: &m.Guest, readOnly: m.ReadOnly, base: dirRights, inheriting: dirRights | fileRights,
		})
		if err != nil {
			return configErrorf("wasi filesystem creation error: `more than %d mounts`", maxHandles)
		}
	}
	return nil
}

func (e *Environment) addListeners(addrs []string) error {
	for _, addr := range addrs {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return configErrorf("wasi socket creation error: `%v`", err)
		}
		if _, err = e.fds.insert(newListener(ln, e.activity)); err != nil {
			return configErrorf("wasi socket creation error: `more than %d sockets`", maxHandles)
		}
	}
	return nil
}

// Addrs gives the addresses that the environment listens on, which tells the port chosen for ":0".
func (e *Environment) Addrs() (addrs []string) {
	e.fds.mu.Lock()
	defer e.fds.mu.Unlock()
	for _, h := range e.fds.handles {
		if h != nil && h.stream != nil && h.stream.listener != nil {
			addrs = append(addrs, h.stream.listener.Addr().String())
		}
	}
	return addrs
}
