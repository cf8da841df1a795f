package wasi

import (
	"context"
	"errors"

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

// Function is a host function.
type Function struct {
	Name            string
	Params, Results []api.ValueType
	Call            api.GoModuleFunc
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

// Functions gives all functions of a version, which share the state of the environment.
func (e *Environment) Functions(v Version) []Function {
	abi := &abis[v]
	var all []Function
	for _, f := range functions {
		if f.name == "sock_accept" && v == Snapshot0 {
			continue
		}
		all = append(all, e.bind(f, abi))
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

func (e *Environment) bind(f function, abi *abi) Function {
	out := Function{Name: f.name, Params: []api.ValueType{}, Results: []api.ValueType{api.ValueTypeI32}}
	for _, p := range f.params {
		typ := api.ValueTypeI32
		if p == 'I' {
			typ = api.ValueTypeI64
		}
		out.Params = append(out.Params, typ)
	}
	if f.name == "proc_exit" {
		out.Results = nil
	}
	out.Call = func(ctx context.Context, mod api.Module, stack []uint64) {
		err := f.run(newCall(e, ctx, abi, mod, stack))
		if len(out.Results) > 0 {
			stack[0] = uint64(errnoOf(err))
		}
	}
	return out
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
