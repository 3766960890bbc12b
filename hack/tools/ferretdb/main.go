// Command ferretdb is the MongoDB server of the tests: FerretDB over SQLite, behind a proxy that serialises requests.
// FerretDB updates a document by reading and writing it in two steps, so concurrent updates of one document lose each
// other; behind the proxy they are as atomic as on a real server. It is not part of the product.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "address to listen on")
	dir := flag.String("dir", "", "folder of the data; without one, a temporary folder for as long as standard input is open")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *dir != "" {
		if err = os.MkdirAll(*dir, 0o700); err == nil {
			err = run(ctx, *listen, *dir)
		}
	} else {
		err = borrowed(ctx, *listen)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

// borrowed runs a server that belongs to the process at the other end of standard input: when that process ends, the
// pipe closes, and the server ends and deletes its data.
func borrowed(ctx context.Context, listen string) error {
	dir, err := os.MkdirTemp("", "ferretdb")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return run(ctx, listen, dir)
}

func run(ctx context.Context, listen, dir string) error {
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	uri, err := url.Parse(server.MongoDBURI())
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { l.Close() })
	f := front{backend: uri.Host}
	for {
		c, err := l.Accept()
		if ctx.Err() != nil {
			return <-ended
		}
		if err != nil {
			return err
		}
		go f.serve(c)
	}
}

// front forwards one request at a time, over all its connections, to the backend.
type front struct {
	backend string
	turn    sync.Mutex
}

func (f *front) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", f.backend)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := message(client)
		if err != nil {
			return
		}
		reply, err := f.exchange(server, request)
		if err != nil {
			return
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

func (f *front) exchange(server net.Conn, request []byte) ([]byte, error) {
	f.turn.Lock()
	defer f.turn.Unlock()
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	if unanswered(request) {
		return nil, nil
	}
	reply, err := message(server)
	limitBatches(reply)
	return reply, err
}

const (
	header   = 16 // length, request id, response to, opcode: each an int32
	maxBytes = 48 << 20
	opMsg    = 2013
	// maxBatch is the number of writes that drivers put into one command. FerretDB keeps a connection to SQLite for
	// each update of a command until its end, and has 100: a command of more updates would wait for itself.
	maxBatch = 50
)

// limitBatches replaces the number of writes in a command that the server announces to drivers when they connect.
func limitBatches(reply []byte) {
	name := []byte("\x10maxWriteBatchSize\x00")
	if at := bytes.Index(reply, name); at >= 0 && at+len(name)+4 <= len(reply) {
		binary.LittleEndian.PutUint32(reply[at+len(name):], maxBatch)
	}
}

// message reads one message of the wire protocol.
func message(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n < header || n > maxBytes {
		return nil, fmt.Errorf("message of %d bytes", n)
	}
	m := make([]byte, n)
	copy(m, length[:])
	_, err := io.ReadFull(r, m[4:])
	return m, err
}

// unanswered reports whether the server does not answer a request: a message with "more to come" set.
func unanswered(m []byte) bool {
	return binary.LittleEndian.Uint32(m[12:]) == opMsg && len(m) > header && m[header]&2 != 0
}
