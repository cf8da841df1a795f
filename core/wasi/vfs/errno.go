package vfs

import "strconv"

// Errno is an error as a guest sees it. It carries no text of the host, so no host path can leak through it.
//
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#errno
type Errno uint16

// The numbers this layer can give, out of the 77 of the specification.
const (
	EACCES       Errno = 2
	EAGAIN       Errno = 6
	EBADF        Errno = 8
	EBUSY        Errno = 10
	ECONNABORTED Errno = 13
	ECONNRESET   Errno = 15
	EDQUOT       Errno = 19
	EEXIST       Errno = 20
	EFAULT       Errno = 21
	EFBIG        Errno = 22
	EILSEQ       Errno = 25
	EINTR        Errno = 27
	EINVAL       Errno = 28
	EIO          Errno = 29
	EISDIR       Errno = 31
	ELOOP        Errno = 32
	EMFILE       Errno = 33
	EMLINK       Errno = 34
	ENAMETOOLONG Errno = 37
	ENFILE       Errno = 41
	ENODEV       Errno = 43
	ENOENT       Errno = 44
	ENOMEM       Errno = 48
	ENOSPC       Errno = 51
	ENOSYS       Errno = 52
	ENOTCONN     Errno = 53
	ENOTDIR      Errno = 54
	ENOTEMPTY    Errno = 55
	ENOTSOCK     Errno = 57
	ENOTSUP      Errno = 58
	ENOTTY       Errno = 59
	ENXIO        Errno = 60
	EOVERFLOW    Errno = 61
	EPERM        Errno = 63
	EPIPE        Errno = 64
	EROFS        Errno = 69
	ESPIPE       Errno = 70
	ETIMEDOUT    Errno = 73
	ETXTBSY      Errno = 74
	EXDEV        Errno = 75
	ENOTCAPABLE  Errno = 76
)

var errnoNames = map[Errno]string{
	EACCES:       "EACCES",
	EAGAIN:       "EAGAIN",
	EBADF:        "EBADF",
	EBUSY:        "EBUSY",
	ECONNABORTED: "ECONNABORTED",
	ECONNRESET:   "ECONNRESET",
	EDQUOT:       "EDQUOT",
	EEXIST:       "EEXIST",
	EFAULT:       "EFAULT",
	EFBIG:        "EFBIG",
	EILSEQ:       "EILSEQ",
	EINTR:        "EINTR",
	EINVAL:       "EINVAL",
	EIO:          "EIO",
	EISDIR:       "EISDIR",
	ELOOP:        "ELOOP",
	EMFILE:       "EMFILE",
	EMLINK:       "EMLINK",
	ENAMETOOLONG: "ENAMETOOLONG",
	ENFILE:       "ENFILE",
	ENODEV:       "ENODEV",
	ENOENT:       "ENOENT",
	ENOMEM:       "ENOMEM",
	ENOSPC:       "ENOSPC",
	ENOSYS:       "ENOSYS",
	ENOTCONN:     "ENOTCONN",
	ENOTDIR:      "ENOTDIR",
	ENOTEMPTY:    "ENOTEMPTY",
	ENOTSOCK:     "ENOTSOCK",
	ENOTSUP:      "ENOTSUP",
	ENOTTY:       "ENOTTY",
	ENXIO:        "ENXIO",
	EOVERFLOW:    "EOVERFLOW",
	EPERM:        "EPERM",
	EPIPE:        "EPIPE",
	EROFS:        "EROFS",
	ESPIPE:       "ESPIPE",
	ETIMEDOUT:    "ETIMEDOUT",
	ETXTBSY:      "ETXTBSY",
	EXDEV:        "EXDEV",
	ENOTCAPABLE:  "ENOTCAPABLE",
}

// Error gives the POSIX name.
func (e Errno) Error() string {
	if name, ok := errnoNames[e]; ok {
		return name
	}
	return "errno " + strconv.Itoa(int(e))
}
