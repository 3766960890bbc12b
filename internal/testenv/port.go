package testenv

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The first and the last port that tests give to their servers. Linux gives outgoing connections ports from 32768 on
// (net.ipv4.ip_local_port_range): a port of that range that is free now may belong to a client when its server starts,
// or starts again.
const (
	firstPort = 12_000
	lastPort  = 31_999
)

// ReservePort returns a TCP port on loopback that no server listens on, and that no other test process reserves before
// release is called or this process ends. The reservation is a socket in Linux's abstract namespace, so that none
// remains after a killed test.
func ReservePort() (port int, release func(), err error) {
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		reservation, err := net.Listen("unix", "@tmd-test-port-"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			reservation.Close()
			continue
		}
		l.Close()
		return port, func() { reservation.Close() }, nil
	}
	return 0, nil, fmt.Errorf("none of 1000 ports between %d and %d is free", firstPort, lastPort)
}

// FreePort returns a TCP port on loopback that belongs to the test until it ends: see ReservePort.
func FreePort(tb testing.TB) int {
	tb.Helper()
	port, release, err := ReservePort()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(release)
	return port
}
