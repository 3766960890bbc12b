package lifecycle

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// RunServer returns the run function of a component that serves HTTP on an open listener. When its context ends, it
// closes the listener and lets requests finish for drain, then closes their connections.
func RunServer(server *http.Server, l net.Listener, drain time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		failed := make(chan error, 1)
		go func() { failed <- server.Serve(l) }()
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		err := server.Shutdown(last)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		// Serve has returned ErrServerClosed by now; the error of the shutdown counts.
		return errors.Join(err, unlessClosed(<-failed))
	}
}

func unlessClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
