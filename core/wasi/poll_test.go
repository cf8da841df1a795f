package wasi_test

import (
	"encoding/binary"
	"math"
	"os"
	"testing"
	"time"

	"github.com/pywasm-go/pywasm/core/wasi"
	"github.com/pywasm-go/pywasm/core/wasi/vfs"
)

// sub is a subscription of wasi_snapshot_preview1.
type sub struct {
	userdata uint64
	kind     byte
	fd       uint32 // or the clock
	timeout  uint64
	absolute bool
}

func (s sub) bytes() []byte {
	le := binary.LittleEndian
	b := make([]byte, 48)
	le.PutUint64(b, s.userdata)
	b[8] = s.kind
	le.PutUint32(b[16:], s.fd)
	le.PutUint64(b[24:], s.timeout)
	if s.absolute {
		b[40] = 1
	}
	return b
}

// event is an event, which is the same in both versions.
type event struct {
	userdata uint64
	errno    vfs.Errno
	kind     byte
	nbytes   uint64
	hangup   bool
}

// poll gives the events, by userdata.
func (g *guest) poll(subs ...sub) map[uint64]event {
	g.t.Helper()
	var in []byte
	for _, s := range subs {
		in = append(in, s.bytes()...)
	}
	g.must("poll_oneoff", g.put(in), 1024, len(subs), 0)
	return g.events()
}

func (g *guest) events() map[uint64]event {
	events := map[uint64]event{}
	for i := range g.u32(0) {
		at := 1024 + 32*i
		events[g.u64(at)] = event{
			g.u64(at), vfs.Errno(g.u16(at + 8)), g.mem[at+10], g.u64(at + 16), g.mem[at+24] == 1,
		}
	}
	return events
}

const ms = uint64(time.Millisecond)

func TestPollClock(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	took := func(want time.Duration, subs ...sub) map[uint64]event {
		t.Helper()
		start := time.Now()
		events := g.poll(subs...)
		if d := time.Since(start); d < want || d > want+500*time.Millisecond {
			t.Errorf("took %v, want %v", d, want)
		}
		return events
	}
	for clock := uint32(0); clock <= 3; clock++ {
		events := took(30*time.Millisecond, sub{1, 0, clock, 30 * ms, false}, sub{2, 0, clock, 10_000 * ms, false})
		if len(events) != 1 || events[1] != (event{userdata: 1}) {
			t.Errorf("events %v", events)
		}
	}
	now := uint64(time.Now().UnixNano())
	took(0, sub{1, 0, 0, now - ms, true})
	took(20*time.Millisecond, sub{1, 0, 0, uint64(time.Now().UnixNano()) + 20*ms, true}, sub{2, 0, 1, math.MaxUint64, true})
	g.must("clock_time_get", 1, uint64(0), 0)
	took(60*time.Millisecond, sub{1, 0, 1, g.u64(0) + 60*ms, true}, sub{2, 0, 1, math.MaxUint64, false})
	if events := took(0, sub{1, 0, 7, ms, false}); events[1].errno != vfs.EINVAL {
		t.Errorf("events %v", events)
	}
}

func TestPollFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, g *guest) {
		g.create(3, "f", "12345")
		fd := g.mustOpen(3, "f", 0)
		g.must("fd_seek", fd, int64(2), 0, 0)
		g.must("path_open", 3, 0, "f", 0, 2, 0, 0, 0)
		noPoll := g.u32(0)
		events := g.poll(
			sub{1, 1, fd, 0, false}, sub{2, 2, fd, 0, false}, sub{3, 0, 1, 1000 * ms, false}, sub{4, 1, 99, 0, false},
			sub{5, 1, 3, 0, false}, sub{6, 9, 0, 0, false}, sub{7, 1, noPoll, 0, false}, sub{8, 2, 1, 0, false}, sub{9, 2, 0, 0, false},
		)
		for userdata, want := range map[uint64]event{
			1: {1, 0, 1, 3, false},
			2: {2, 0, 2, 1, false},
			4: {4, vfs.EBADF, 1, 0, false},
			5: {5, vfs.EISDIR, 1, 0, false},
			6: {6, vfs.EINVAL, 9, 0, false},
			7: {7, vfs.ENOTCAPABLE, 1, 0, false},
			8: {8, 0, 2, 1, false},
			9: {9, vfs.ENOTCAPABLE, 2, 0, false},
		} {
			if events[userdata] != want {
				t.Errorf("event %+v, want %+v", events[userdata], want)
			}
		}
		if len(events) != 8 {
			t.Errorf("%d events", len(events))
		}
	})
}

func TestPollStdin(t *testing.T) {
	pipeR, pipeW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer pipeR.Close()
	ch := make(chan string)
	for name, in := range map[string]struct {
		cfg  wasi.Config
		send func(string)
		end  func()
	}{
		"reader": {wasi.Config{Stdin: &blocking{ch: ch}}, func(s string) { ch <- s }, func() { close(ch) }},
		"pipe":   {wasi.Config{Stdin: pipeR}, func(s string) { pipeW.WriteString(s) }, func() { pipeW.Close() }},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t, in.cfg)
			stdin := sub{1, 1, 0, 0, false}
			if events := g.poll(stdin, sub{2, 0, 1, 60 * ms, false}); len(events) != 1 || events[2].userdata != 2 {
				t.Errorf("nothing there: %v", events)
			}
			go func() {
				time.Sleep(70 * time.Millisecond)
				in.send("abc")
			}()
			start := time.Now()
			events := g.poll(stdin, sub{2, 0, 1, 5000 * ms, false})
			if len(events) != 1 || events[1].nbytes == 0 || events[1].errno != 0 || time.Since(start) > time.Second {
				t.Errorf("after %v: %v", time.Since(start), events)
			}
			if s, _ := g.read(0); s != "abc" {
				t.Errorf("read %q", s)
			}
			in.end()
			if events := g.poll(stdin); len(events) != 1 || events[1].errno != 0 {
				t.Errorf("at the end: %v", events)
			}
			if s, errno := g.read(0); s != "" || errno != 0 {
				t.Errorf("read %q, %v", s, errno)
			}
		})
	}
}

func TestInterruptPoll(t *testing.T) {
	poll := func(kind byte) func(g *guest) error {
		return func(g *guest) error {
			in := g.put(sub{1, kind, 0, math.MaxUint64, false}.bytes())
			return g.unwinds("poll_oneoff", in, 1024, 1, 0)
		}
	}
	interrupted(t, wasi.Config{}, poll(0))
	interrupted(t, wasi.Config{Stdin: &blocking{ch: make(chan string)}}, poll(1))
}

// TestPollFixedTime: a guest that sleeps on a fixed clock does not keep anybody waiting.
func TestPollFixedTime(t *testing.T) {
	begin, start := time.Now(), time.Unix(1e9, 0)
	g := newGuest(t, wasi.Config{FixedTime: &start})
	g.poll(sub{1, 0, 1, uint64(time.Hour), false})
	g.must("clock_time_get", 0, uint64(0), 0)
	if d := time.Unix(0, int64(g.u64(0))).Sub(start); d < time.Hour || d > time.Hour+time.Second {
		t.Errorf("slept %v", d)
	}
	g.poll(sub{1, 0, 0, math.MaxUint64, false})
	if d := time.Since(begin); d > time.Second {
		t.Errorf("took %v", d)
	}
}

func TestPollBounds(t *testing.T) {
	g := newGuest(t, wasi.Config{})
	g.wants(vfs.EINVAL, "poll_oneoff", 0, 1024, 0, 0)
	g.wants(vfs.EINVAL, "poll_oneoff", 0, 1024, 4097, 0)
	g.wants(vfs.EINVAL, "poll_oneoff", 0, 1024, uint32(math.MaxUint32), 0)
	end := len(g.mem)
	g.wants(vfs.EFAULT, "poll_oneoff", end-47, 1024, 1, 0)
	g.wants(vfs.EFAULT, "poll_oneoff", 0, end-31, 1, 0)
	g.wants(vfs.EFAULT, "poll_oneoff", 0, 1024, 1, end-3)
	g.wants(vfs.EFAULT, "poll_oneoff", 0, 1024, 4096, 0)
}
