package wasi

import "github.com/pywasm-go/pywasm/core/wasi/vfs"

// rights is what may be done with a file descriptor.
//
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md#rights
type rights uint64

const (
	rightDatasync rights = 1 << iota
	rightRead
	rightSeek
	rightSetFlags
	rightSync
	rightTell
	rightWrite
	rightAdvise
	rightAllocate
	rightCreateDirectory
	rightCreateFile
	rightLinkSource
	rightLinkTarget
	rightOpen
	rightReaddir
	rightReadlink
	rightRenameSource
	rightRenameTarget
	rightPathFilestatGet
	rightPathSetSize
	rightPathSetTimes
	rightFilestatGet
	rightSetSize
	rightSetTimes
	rightSymlink
	rightRemoveDirectory
	rightUnlinkFile
	rightPoll
	rightShutdown
	rightAccept
	allRights = rightAccept<<1 - 1
)

const (
	// fileRights are those that mean something for a regular file.
	fileRights = rightDatasync | rightRead | rightSeek | rightSetFlags | rightSync | rightTell | rightWrite | rightAdvise |
		rightAllocate | rightFilestatGet | rightSetSize | rightSetTimes | rightPoll

	// dirRights are those that mean something for a directory.
	dirRights = rightSetFlags | rightSync | rightCreateDirectory | rightCreateFile | rightLinkSource | rightLinkTarget |
		rightOpen | rightReaddir | rightReadlink | rightRenameSource | rightRenameTarget | rightPathFilestatGet |
		rightPathSetSize | rightPathSetTimes | rightFilestatGet | rightSetTimes | rightSymlink | rightRemoveDirectory |
		rightUnlinkFile | rightPoll

	streamRights = rightSetFlags | rightFilestatGet | rightPoll

	// changing are the rights that a read-only mount has no use for. They are kept, and answered with EROFS, because guests know
	// what that means.
	changing = rightWrite | rightAllocate | rightSetSize | rightCreateDirectory | rightCreateFile | rightLinkSource | rightLinkTarget |
		rightRenameSource | rightRenameTarget | rightPathSetSize | rightPathSetTimes | rightSetTimes | rightSymlink |
		rightRemoveDirectory | rightUnlinkFile
)

// rightsOf are the rights that mean something for a type of file.
func rightsOf(typ vfs.FileType) rights {
	switch typ {
	case vfs.Directory:
		return dirRights
	case vfs.CharDevice:
		return fileRights &^ (rightSeek | rightTell) // isatty(3) looks for these
	}
	return fileRights
}
