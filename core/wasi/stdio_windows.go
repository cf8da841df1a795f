package wasi

import (
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// hostStream is not to be had here: the host cannot wait for every kind of file. Files are read and written as any stream.
type hostStream struct{}

func newHostStream(*os.File) *hostStream { return nil }

func (*hostStream) ready() bool                     { return true }
func (*hostStream) wait(time.Duration)              {}
func (*hostStream) pending() (int, bool)            { return 0, false }
func (*hostStream) read([]byte) (int, error)        { return 0, nil }
func (*hostStream) write(call, []byte) (int, error) { return 0, nil }

func isTerminal(f *os.File) bool {
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(f.Fd()), &mode) == nil
}
