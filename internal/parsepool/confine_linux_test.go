package parsepool_test

import (
	"strings"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/parsepool"
)

func TestReadUsage(t *testing.T) {
	t.Parallel()
	const stat = "4242 (a ) b (c) S 1 4242 4242 0 -1 4194304 100 0 0 0 250 50 0 0 25 5 7 0 100 1784532992 512 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0"
	resident, addresses, cpu, err := parsepool.ParseStat(t.TempDir(), stat)
	if err != nil || resident != 512*4096 || addresses != 1784532992 || cpu != 3 {
		t.Errorf("%d resident, %d addresses, %v s, %v", resident, addresses, cpu, err)
	}
	for _, s := range []string{"", "1 (x) S 1 2", strings.Replace(stat, "250", "x", 1)} {
		if _, _, _, err := parsepool.ParseStat(t.TempDir(), s); err == nil {
			t.Errorf("%q is usage", s)
		}
	}
}
