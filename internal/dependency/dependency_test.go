package dependency_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/dependency"
)

type deps struct {
	Reader io.Reader
	Clock  func() time.Time
	Host   string
	Limit  int
}

func TestRequire(t *testing.T) {
	t.Parallel()
	whole := deps{Reader: strings.NewReader(""), Clock: time.Now, Host: "worker-1"}
	for name, c := range map[string]struct {
		change func(*deps)
		want   string
	}{
		"all are there":           {func(*deps) {}, ""},
		"an interface is missing": {func(d *deps) { d.Reader = nil }, "store: Reader is missing"},
		"a function is missing":   {func(d *deps) { d.Clock = nil }, "store: Clock is missing"},
		"a string is empty":       {func(d *deps) { d.Host = "" }, "store: Host is missing"},
		"the first is named":      {func(d *deps) { *d = deps{} }, "store: Reader is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			d := whole
			c.change(&d)
			got := ""
			if err := dependency.Require("store", d, "Reader", "Clock", "Host"); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestRequireOfAnUnknownField(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "no field Redis") {
			t.Errorf("got %q, want a panic that names the field", got)
		}
	}()
	_ = dependency.Require("store", deps{}, "Redis")
}

func ExampleRequire() {
	d := deps{Host: "worker-1", Clock: time.Now}
	fmt.Println(dependency.Require("store", d, "Host", "Clock", "Reader"))
	// Output: store: Reader is missing
}
