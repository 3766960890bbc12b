package filestore

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncAll returns a sync of the whole file system of a folder, where that is known to be as durable as fsync of each
// file. Other file systems, network file systems among them, get an fsync for each file.
func syncAll(folder *os.File) func() error {
	raw, err := folder.SyscallConn()
	if err != nil {
		return nil
	}
	var stat unix.Statfs_t
	if cerr := raw.Control(func(fd uintptr) { err = unix.Fstatfs(int(fd), &stat) }); cerr != nil || err != nil {
		return nil
	}
	switch stat.Type {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC:
	default:
		return nil
	}
	return func() error {
		var err error
		if cerr := raw.Control(func(fd uintptr) { err = unix.Syncfs(int(fd)) }); cerr != nil {
			return cerr
		}
		return err
	}
}
