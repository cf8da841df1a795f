package wasi

import (
	"context"
	"errors"
	"sync"

	"github.com/pywasm-go/pywasm/core/wasi/vfs"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// Version is a version of WASI that modules import from.
type Version int

// The versions.
const (
	Snapshot0 Version = iota // wasi_unstable
	Snapshot1                // wasi_snapshot_preview1
)

// Module is the module name of the version's imports.
func (v Version) Module() string {
	if v == Snapshot0 {
		return "wasi_unstable"
	}
	return "wasi_snapshot_preview1"
}

// Signature is the name and the type of a host function.
type Signature struct {
	Name            string
	Params, Results []api.ValueType
}

// Function is a host function of an environment.
type Function struct {
	Signature
	Call api.GoModuleFunc
}

// function is a row of the table: parameters are given as i for i32 and I for i64.
type function struct {
	name, params string
	run          func(call) error
}

var functions = []function{
	{"args_get", "ii", argsGet},
	{"args_sizes_get", "ii", argsSizesGet},
	{"clock_res_get", "ii", clockResGet},
	{"clock_time_get", "iIi", clockTimeGet},
	{"environ_get", "ii", environGet},
	{"environ_sizes_get", "ii", environSizesGet},
	{"fd_advise", "iIIi", fdAdvise},
	{"fd_allocate", "iII", fdAllocate},
	{"fd_close", "i", fdClose},
	{"fd_datasync", "i", fdDatasync},
	{"fd_fdstat_get", "ii", fdFdstatGet},
	{"fd_fdstat_set_flags", "ii", fdFdstatSetFlags},
	{"fd_fdstat_set_rights", "iII", fdFdstatSetRights},
	{"fd_filestat_get", "ii", fdFilestatGet},
	{"fd_filestat_set_size", "iI", fdFilestatSetSize},
	{"fd_filestat_set_times", "iIIi", fdFilestatSetTimes},
	{"fd_pread", "iiiIi", fdPread},
	{"fd_prestat_dir_name", "iii", fdPrestatDirName},
	{"fd_prestat_get", "ii", fdPrestatGet},
	{"fd_pwrite", "iiiIi", fdPwrite},
	{"fd_read", "iiii", fdRead},
	{"fd_readdir", "iiiIi", fdReaddir},
	{"fd_renumber", "ii", fdRenumber},
	{"fd_seek", "iIii", fdSeek},
	{"fd_sync", "i", fdSync},
	{"fd_tell", "ii", fdTell},
	{"fd_write", "iiii", fdWrite},
	{"path_create_directory", "iii", pathCreateDirectory},
	{"path_filestat_get", "iiiii", pathFilestatGet},
	{"path_filestat_set_times", "iiiiIIi", pathFilestatSetTimes},
	{"path_link", "iiiiiii", pathLink},
	{"path_open", "iiiiiIIii", pathOpen},
	{"path_readlink", "iiiiii", pathReadlink},
	{"path_remove_directory", "iii", pathRemoveDirectory},
	{"path_rename", "iiiiii", pathRename},
	{"path_symlink", "iiiii", pathSymlink},
	{"path_unlink_file", "iii", pathUnlinkFile},
	{"poll_oneoff", "iiii", pollOneoff},
	{"proc_exit", "i", procExit},
	{"proc_raise", "i", procRaise},
	{"random_get", "ii", randomGet},
	{"sched_yield", "", schedYield},
	{"sock_accept", "iii", sockAccept},
	{"sock_recv", "iiiiii", sockRecv},
	{"sock_send", "iiiii", sockSend},
	{"sock_shutdown", "ii", sockShutdown},
}

func (f function) signature() Signature {
	s := Signature{Name: f.name, Params: make([]api.ValueType, len(f.params))}
	for i, p := range f.params {
		s.Params[i] = map[rune]api.ValueType{'i': api.ValueTypeI32, 'I': api.ValueTypeI64}[p]
	}
	if f.name != "proc_exit" {
		s.Results = []api.ValueType{api.ValueTypeI32}
	}
	return s
}

// lacks says what the version does not have of the table.
func (v Version) lacks(f function) bool { return v == Snapshot0 && f.name == "sock_accept" }

// Signatures gives all functions of the version, without an environment.
func (v Version) Signatures() []Signature {
	return versions[v]().signatures
}

// described is a version: its signatures, and the rows of the table that they are those of.
type described struct {
	signatures []Signature
	rows       []*function
}

var versions = [...]func() described{Snapshot0: sync.OnceValue(Snapshot0.describe), Snapshot1: sync.OnceValue(Snapshot1.describe)}

func (v Version) describe() (d described) {
	for i := range functions {
		if f := &functions[i]; !v.lacks(*f) {
			d.signatures, d.rows = append(d.signatures, f.signature()), append(d.rows, f)
		}
	}
	return d
}

// Function gives a function of a version, by its place in the signatures. It shares the state of the environment with all others.
func (e *Environment) Function(v Version, i int) Function {
	d := versions[v]()
	return e.bind(d.rows[i].run, d.signatures[i], &abis[v])
}

// Functions gives all functions of a version.
func (e *Environment) Functions(v Version) []Function {
	all := make([]Function, len(v.Signatures()))
	for i := range all {
		all[i] = e.Function(v, i)
	}
	return all
}

// Export adds the functions to a host module, which is to be named v.Module().
func (e *Environment) Export(b wazero.HostModuleBuilder, v Version) wazero.HostModuleBuilder {
	for _, f := range e.Functions(v) {
		b = b.NewFunctionBuilder().WithGoModuleFunction(f.Call, f.Params, f.Results).Export(f.Name)
	}
	return b
}

func (e *Environment) bind(run func(call) error, s Signature, abi *abi) Function {
	results := len(s.Results)
	return Function{s, func(ctx context.Context, mod api.Module, stack []uint64) {
		err := run(newCall(e, ctx, abi, mod, stack))
		if results > 0 {
			stack[0] = uint64(errnoOf(err))
		}
	}}
}

// Abort is an error of a stream that ends the guest, where any other is EIO to it. The call of the guest fails with Err.
type Abort struct{ Err error }

func (a Abort) Error() string { return a.Err.Error() }

// Unwrap gives Err.
func (a Abort) Unwrap() error { return a.Err }

func errnoOf(err error) vfs.Errno {
	if err == nil {
		return 0
	}
	if e, ok := err.(vfs.Errno); ok {
		return e
	}
	var abort Abort
	if errors.As(err, &abort) {
		panic(abort.Err)
	}
	var e vfs.Errno
	if errors.As(err, &e) {
		return e
	}
	return vfs.EIO
}
