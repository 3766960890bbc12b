package outages_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

// serverLink is the way to a server: it can be closed, led elsewhere, and made slow.
type serverLink struct {
	*toxiproxy.Proxy
	t *testing.T
}

func newServerLink(t *testing.T, upstream string) *serverLink {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	listen := fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(t))
	w := &serverLink{Proxy: toxiproxy.NewProxy(server, "way", listen, upstream), t: t}
	w.openLink()
	t.Cleanup(w.Stop)
	return w
}

// openLink lets connections through again, on the same port as before.
func (w *serverLink) openLink() {
	w.t.Helper()
	if err := w.Start(); err != nil {
		w.t.Fatalf("a proxy: %v", err)
	}
}

// closeLink cuts all connections and refuses new ones.
func (w *serverLink) closeLink() { w.Stop() }

// redirect leads new connections to another server, and cuts those that are there.
func (w *serverLink) redirect(upstream string) {
	w.t.Helper()
	w.Stop()
	w.Upstream = upstream
	w.openLink()
}

// setDelay holds every answer up, until it is called again with 0.
func (w *serverLink) setDelay(by time.Duration) {
	w.t.Helper()
	if by == 0 {
		w.Stop() // with what is still on the way
		if err := w.Toxics.RemoveToxic(w.t.Context(), "slow"); err != nil {
			w.t.Fatal(err)
		}
		w.openLink()
		return
	}
	toxic := fmt.Sprintf(`{"name":"slow","type":"latency","stream":"downstream","attributes":{"latency":%d}}`, by.Milliseconds())
	if _, err := w.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		w.t.Fatal(err)
	}
}
