package controllerapp

import (
	"testing"
	"time"

	"github.com/trackmydegree/trackmydegree/internal/cataloguetest"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/timeline"
)

// Workers accept the form of the canary.
func TestCanaryFormIsValid(t *testing.T) {
	t.Parallel()
	var c config.Controller
	if err := config.Load(&c, []string{"TMD_NAMESPACE=degrees", "REDIS_HOST=redis"}); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if _, err := timeline.NewBuilder(cataloguetest.Embedded()).FromForm(newCanaryForm(c.CanaryDegree, now), now); err != nil {
		t.Error(err)
	}
}
