package redischeck

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// transportWait bounds the look at what answers at an address. It is added to the time of a check.
const transportWait = 500 * time.Millisecond

// findTransportProblem looks at a server that accepts connections and does not answer the client: one of the two uses
// TLS and the other does not. It returns "" when that is not so, and behind Sentinels, whose servers it does not know.
func findTransportProblem(ctx context.Context, client redis.UniversalClient) string {
	single, ok := client.(*redis.Client)
	if !ok || single.Options().Network != "tcp" {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), transportWait)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", single.Options().Addr)
	if err != nil {
		return ""
	}
	defer conn.Close()
	end, _ := ctx.Deadline()
	if err := conn.SetDeadline(end); err != nil {
		return ""
	}
	switch usesTLS := single.Options().TLSConfig != nil; {
	case usesTLS && answersPlainPing(conn):
		return "answers without TLS: write redis:// instead of rediss://"
	case !usesTLS && answersHandshake(ctx, conn):
		return "expects TLS: write rediss:// instead of redis://"
	}
	return ""
}

func answersPlainPing(conn net.Conn) bool {
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	answer := make([]byte, 64)
	n, _ := conn.Read(answer)
	return bytes.HasPrefix(answer[:n], []byte("+PONG")) || bytes.HasPrefix(answer[:n], []byte("-"))
}

func answersHandshake(ctx context.Context, conn net.Conn) bool {
	// Nothing is sent over the connection: only that the server speaks TLS matters.
	return tls.Client(conn, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) == nil //nolint:gosec // see above
}
