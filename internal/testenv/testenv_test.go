package testenv_test

import (
	"net"
	"testing"

	"github.com/trackmydegree/trackmydegree/internal/testenv"
)

func TestRedisStopsAndComesBack(t *testing.T) {
	r := testenv.StartRedis(t)
	r.Kill()
	if c, err := net.Dial("tcp", r.Addr()); err == nil {
		c.Close()
		t.Fatal("a killed server still listens")
	}
	r.Restart(t)
	if c, err := net.Dial("tcp", r.Addr()); err != nil {
		t.Fatal(err)
	} else {
		c.Close()
	}
}
