package filestore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/trackmydegree/trackmydegree/internal/job"
)

// CheckAccess performs once the steps of an upload and its job: it creates a file, writes, syncs, renames, reads and
// deletes it. The error names the failed step and the setting to change.
func (s *Store) CheckAccess(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	draft := "check." + rand.Text()[:8] + job.TemporarySuffix
	final := "check." + rand.Text()[:8] + ".done" + job.TemporarySuffix
	want := []byte("%PDF-check " + rand.Text())
	// Whatever step fails, both names are removed afterwards.
	defer func() {
		_ = s.removeFile(draft)
		_ = s.removeFile(final)
	}()
	steps := []struct {
		name string
		do   func() error
	}{
		{"write a file in", func() error { return s.writeProbe(draft, want) }},
		{"rename a file in", func() error { return s.root.Rename(draft, final) }},
		{"sync", s.folder.Sync},
		{"read back from", func() error {
			got, err := s.root.ReadFile(final)
			if err == nil && !bytes.Equal(got, want) {
				err = errors.New("other bytes come back than were written")
			}
			return err
		}},
		{"delete a file in", func() error { return s.root.Remove(final) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			return wrapError("check", fmt.Errorf("cannot %s the folder of uploads %s: %w: %s", step.name, s.dir, err, s.adviseOn(err)))
		}
	}
	return nil
}

func (s *Store) writeProbe(name string, b []byte) error {
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Chmod(fileMode); err != nil {
		return err
	}
	if _, err := f.Write(b); err != nil {
		return err
	}
	return f.Sync()
}

// adviseOn returns the setting to change for an error of the file system.
func (s *Store) adviseOn(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "the process is user " + fmt.Sprintf("%d, groups %v", os.Geteuid(), processGroups()) + s.folderOwner() +
			"; on Kubernetes set fsGroup of the pod's securityContext to the folder's group, and on NFS, where fsGroup is not applied, supplementalGroups"
	case errors.Is(err, syscall.EROFS):
		return "it is mounted read-only; set readOnly: false on the mount, and ReadWriteMany as the volume's access mode"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "it is full; enlarge the volume or its quota"
	case errors.Is(err, syscall.ESTALE), errors.Is(err, fs.ErrNotExist):
		return "it was removed or mounted again; start the process again, with TMD_UPLOAD_DIR naming the mounted folder"
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS):
		return "its file system lacks what uploads need (fsync, rename); choose another volume for TMD_UPLOAD_DIR"
	default:
		return "look at the volume behind TMD_UPLOAD_DIR"
	}
}

// folderOwner describes the owner of the folder, if it can be read.
func (s *Store) folderOwner() string {
	info, err := s.root.Stat(".")
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf(", the folder is of user %d, group %d, mode %s", stat.Uid, stat.Gid, info.Mode().Perm())
}

func processGroups() []int {
	gids, err := os.Getgroups()
	if err != nil {
		return nil
	}
	return append([]int{os.Getegid()}, gids...)
}
