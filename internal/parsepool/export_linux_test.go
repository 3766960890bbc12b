package parsepool

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/prometheus/procfs"
)

// ParseStat parses stat, the content of a stat file, which it writes into dir.
func ParseStat(dir, stat string) (resident, addresses int64, cpu float64, err error) {
	fs, err := procfs.NewFS(dir)
	if err != nil {
		return 0, 0, 0, err
	}
	process := filepath.Join(dir, "4242")
	err = errors.Join(os.MkdirAll(process, 0o700), os.WriteFile(filepath.Join(process, "stat"), []byte(stat), 0o600))
	if err != nil {
		return 0, 0, 0, err
	}
	u, err := readUsageFrom(fs, 4242)
	return u.resident, u.addresses, u.cpu.Seconds(), err
}
