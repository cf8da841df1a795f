package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wat"
)

func TestSignalsEndACompilation(t *testing.T) {
	raised := errors.New("raised")
	calls := 0
	s, err := NewStore(Config{Compiler: DefaultCompiler(), Signals: func() error {
		if calls++; calls == 2 {
			return raised
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	function := "(func (param i32) " + strings.Repeat("local.get 0 (if (then ", 800) + strings.Repeat("))", 800) + ")"
	binary, err := wat.ToBinary([]byte("(module " + strings.Repeat(function, 300) + ")"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Compile(binary); err != raised {
		t.Errorf("got %v, want what the handler raised", err)
	}
}

func TestAPanicBecomesAnError(t *testing.T) {
	_, err := newStore(t, Config{Compiler: Interpreter}).await(func(*task) (*Module, error) { panic("no") })
	if e := (*Error)(nil); !errors.As(err, &e) || e.Code != CodeInternal {
		t.Errorf("got %v, want an internal error", err)
	}
}

func TestGrants(t *testing.T) {
	for granted.Load() != givenBack.Load() { // what another test gave up ends in the background
		time.Sleep(time.Millisecond)
	}
	first := newGrant(1)
	defer first.giveBack()
	first.before = 0 // as if all that there is had come since
	if err := first.exceeded(); err == nil || !strings.Contains(err.Error(), "the limit is 1 MiB") {
		t.Errorf("got %v, want an error that names the limit", err)
	}
	second := newGrant(1 << 40)
	if err := first.exceeded(); err != nil {
		t.Errorf("%v, but a compilation that began later may have taken it", err)
	}
	second.giveBack()
	third := newGrant(1)
	defer third.giveBack()
	third.before = 0
	if err := third.exceeded(); err == nil {
		t.Error("what was given back before counts")
	}
}
