package mongostore

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// transportWait bounds the look at what answers at an address. It is added to the time of a check.
const transportWait = time.Second

// findTransportProblem looks at a server that ends the driver's connections: one of the two uses TLS and the other does
// not. The errors of the driver do not say so. It returns "" when that is not so.
func findTransportProblem(ctx context.Context, opts *options.ClientOptions) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), transportWait)
	defer cancel()
	for _, host := range opts.Hosts {
		switch usesTLS := opts.TLSConfig != nil; {
		case usesTLS && answersPlainPing(ctx, host):
			return "answers without TLS: remove tls=true"
		case !usesTLS && answersHandshake(ctx, host):
			return "expects TLS: add tls=true to the options of the address"
		}
	}
	return ""
}

func answersPlainPing(ctx context.Context, host string) bool {
	client, err := mongo.Connect(options.Client().SetHosts([]string{host}).SetDirect(true).SetServerSelectionTimeout(transportWait))
	if err != nil {
		return false
	}
	defer func() { _ = client.Disconnect(ctx) }()
	return client.Ping(ctx, nil) == nil
}

func answersHandshake(ctx context.Context, host string) bool {
	// Nothing is sent over the connection: only that the server speaks TLS matters.
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // see above
	conn, err := dialer.DialContext(ctx, "tcp", withPort(host))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// withPort adds the port that MongoDB has by default.
func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), "27017")
}
