package engine

import (
	"context"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// wazeroRuntime is wazero's, and what keeps compiling and loading apart: where wazero looks for code is a field of its engine,
// which is set only while code is loaded, since every compilation would make a copy of what it has made otherwise.
type wazeroRuntime struct {
	wazero.Runtime
	loading sync.RWMutex
}

// compile ends early when the context is cancelled, if there is more than one worker.
func (r *wazeroRuntime) compile(ctx context.Context, binary []byte, workers int) (wazero.CompiledModule, error) {
	r.loading.RLock()
	defer r.loading.RUnlock()
	return r.CompileModule(experimental.WithCompilationWorkers(ctx, workers), binary)
}

func (r *wazeroRuntime) compileHosts(b wazero.HostModuleBuilder) (wazero.CompiledModule, error) {
	r.loading.RLock()
	defer r.loading.RUnlock()
	return b.Compile(context.Background())
}

// load has wazero take code for a module instead of compiling it.
func (r *wazeroRuntime) load(binary []byte, code *codeStream) (wazero.CompiledModule, error) {
	r.loading.Lock()
	defer r.loading.Unlock()
	restore, err := giveCode(r.Runtime, code)
	if err != nil {
		return nil, err
	}
	defer restore()
	return r.CompileModule(context.Background(), binary)
}
