package testenv_test

import (
	"net"
	"strconv"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestReservedPorts(t *testing.T) {
	t.Run("each belongs to one test and is outside of the kernel's range for clients", func(t *testing.T) {
		reserved := map[int]bool{}
		for range 2000 {
			port := testenv.FreePort(t)
			if reserved[port] {
				t.Fatalf("port %d is reserved twice", port)
			}
			if port >= 32768 {
				t.Fatalf("port %d may be given to an outgoing connection", port)
			}
			reserved[port] = true
		}
	})
	t.Run("a listening server's port is not reserved", func(t *testing.T) {
		port := testenv.FreePort(t)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			t.Fatalf("a reserved port is not free: %v", err)
		}
		l.Close()
	})
}
