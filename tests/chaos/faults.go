//go:build chaos

package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// drainLimit is longer than a role may take to end after SIGTERM: its default grace and some.
const drainLimit = 40 * time.Second

// window is when a fault held in fact.
type window struct {
	fault    Fault
	from, to time.Time
}

// chaos carries a schedule out.
type chaos struct {
	w      *world
	ledger *ledger

	drains sync.WaitGroup

	mu      sync.Mutex
	windows []window
	kills   []kill // of workers
}

// kill is a worker that was killed.
type kill struct {
	worker string
	at     time.Time
}

// step is a fault that begins, or that ends.
type step struct {
	at time.Duration
	do func()
}

// run carries the faults out at their times, and returns when the last is over.
func (c *chaos) run(plan []Fault) {
	began := time.Now()
	var steps []step
	for _, f := range plan {
		var end func()
		i := -1
		steps = append(steps, step{f.At, func() {
			c.w.say("%v", f)
			i = c.open(f)
			end = c.begin(f)
			if f.For == 0 {
				c.shut(i)
			}
		}})
		if f.For > 0 {
			steps = append(steps, step{f.At + f.For, func() {
				if end != nil {
					end()
				}
				c.shut(i)
			}})
		}
	}
	slices.SortStableFunc(steps, func(a, b step) int { return int(a.at - b.at) })
	for _, s := range steps {
		if wait := s.at - time.Since(began); wait > 0 {
			<-time.After(wait)
		}
		s.do()
	}
	c.drains.Wait()
}

func (c *chaos) open(f Fault) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.windows = append(c.windows, window{fault: f, from: time.Now()})
	return len(c.windows) - 1
}

func (c *chaos) shut(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.windows[i].to = time.Now()
}

// held says whether a fault of one of the targets held between two times.
func (c *chaos) held(from, to time.Time, targets ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.windows {
		if slices.Contains(targets, w.fault.Target) && w.from.Before(to) && (w.to.IsZero() || w.to.Add(recess).After(from)) {
			return true
		}
	}
	return false
}

// begin lets a fault happen and returns what ends it, or nil.
func (c *chaos) begin(f Fault) (end func()) {
	p, l := c.w.processes[f.Target], c.w.links[f.Target]
	again := func() { c.w.start(f.Target) }
	switch f.Kind {
	case KillWorker, KillAPI, KillParser, KillRedis, KillMongo:
		at := time.Now()
		p.kill()
		switch f.Kind {
		case KillWorker:
			c.mu.Lock()
			c.kills = append(c.kills, kill{f.Target, at})
			c.mu.Unlock()
		case KillRedis:
			if states, err := c.readRedis(filepath.Join(c.w.dir, "redis")); err != nil {
				c.w.say("the data of redis cannot be read: %v", err)
			} else if n := c.ledger.rolledBack(states); n > 0 {
				c.w.say("redis has forgotten what it had answered of %d jobs", n)
			}
			return c.reload
		}
		return again
	case KillChild:
		if pids := children(c.w.processes["parser"].pid()); len(pids) > 0 {
			_ = syscall.Kill(pids[int(f.Pick)%len(pids)], syscall.SIGKILL)
		}
	case PauseWorker, PauseParser, PauseRedis, PauseMongo:
		p.signal(syscall.SIGSTOP)
		return func() { p.signal(syscall.SIGCONT) }
	case DrainWorker, DrainAPI, DrainParser:
		c.drain(p)
	case WipeRedis:
		c.wipe()
	case LoseRedis:
		p.kill()
		c.lose()
		return c.reload
	case ReadOnlyRedis:
		// As a replica of a master that nobody finds it keeps its data, answers reads, and refuses writes.
		c.admin("REPLICAOF", "127.0.0.1", "1")
		return func() { c.admin("REPLICAOF", "NO", "ONE") }
	case FullRedis:
		c.admin("CONFIG", "SET", "maxmemory", "1")
		return func() { c.admin("CONFIG", "SET", "maxmemory", "0") }
	case CutLink:
		l.cut()
	case RefuseLink:
		l.refuse()
		return func() { c.w.reopen(l) }
	case DelayLink:
		l.slow(f.Delay)
		return func() { l.slow(0) }
	case StallLink:
		return l.stall()
	case FillDisk:
		if err := c.w.fill(); err != nil {
			c.w.say("the disk is not filled: %v", err)
		}
		return c.w.free
	case ReadOnlyDisk:
		return c.readOnly()
	}
	return nil
}

// reopen takes connections again. The port may be in use for a moment.
func (w *world) reopen(l *link) {
	if err := w.wait(l.name+" takes connections", func() bool { return l.open() == nil }); err != nil {
		w.say("%v", err)
	}
}

// drain tells a role to end, and starts it again when it has.
func (c *chaos) drain(p *process) {
	began := time.Now()
	ended := p.end(syscall.SIGTERM)
	c.drains.Go(func() {
		select {
		case <-ended:
			c.w.say("%s has drained in %.2fs", p.name, time.Since(began).Seconds())
		case <-time.After(drainLimit):
			c.ledger.never("%s did not end within %v after SIGTERM", p.name, drainLimit)
			p.kill()
		}
		c.w.start(p.name)
	})
}

// readOnly makes the uploads read-only. While somebody writes to them that is refused, so it is tried for a while.
func (c *chaos) readOnly() (end func()) {
	for range 100 {
		if remount(c.w.uploads, true) == nil {
			return func() {
				if err := remount(c.w.uploads, false); err != nil {
					c.w.say("the uploads stay read-only: %v", err)
				}
			}
		}
		<-time.After(5 * time.Millisecond)
	}
	c.w.say("the uploads were busy all the time, and stay writable")
	return nil
}

func (c *chaos) admin(args ...any) {
	if err := c.w.redis.Do(context.Background(), args...).Err(); err != nil {
		c.w.say("redis: %v: %v", args, err)
	}
}

// wipeScript takes everything from Redis and answers the states of the jobs at that moment. The message stands in the
// order of the writes that others are told of.
var wipeScript = redis.NewScript(`
local found = {}
for _, key in ipairs(redis.call('KEYS', '` + recordPrefix + `*')) do
	if redis.call('TYPE', key).ok == 'hash' then
		found[#found + 1] = key
		found[#found + 1] = redis.call('HGET', key, 'state') or ''
	end
end
redis.call('FLUSHALL')
redis.call('PUBLISH', '` + keyspace + wiped + `', 'wiped')
return found
`)

func (c *chaos) wipe() {
	answer, err := wipeScript.Run(context.Background(), c.w.redis, nil).StringSlice()
	at := time.Now()
	if err != nil {
		c.w.say("redis is not wiped: %v", err)
		return
	}
	states := map[string]string{}
	for i := 0; i+1 < len(answer); i += 2 {
		states[strings.TrimPrefix(answer[i], recordPrefix)] = answer[i+1]
	}
	c.ledger.wiped(at, states)
}

// lose removes the data of a Redis that was killed. What it knew is read first, by another Redis.
func (c *chaos) lose() {
	dir := filepath.Join(c.w.dir, "redis")
	states, err := c.readRedis(dir)
	if err != nil {
		c.w.say("the data of redis cannot be read, and stays: %v", err)
		return
	}
	if err := os.RemoveAll(filepath.Join(dir, "appendonlydir")); err != nil {
		c.w.say("the data of redis stays: %v", err)
		return
	}
	c.ledger.wiped(time.Now(), states)
	c.ledger.forgotten()
}

// reload starts a Redis that was killed. While it reads its file it tells of the writes in there once more: these do not
// count, up to a message that follows them.
func (c *chaos) reload() {
	c.ledger.reloading(true)
	c.w.start("redis")
	err := c.w.wait("redis has read its file and is listened to", func() bool {
		if c.w.redis.Ping(context.Background()).Err() != nil {
			return false // it publishes also while it reads
		}
		n, err := c.w.redis.Publish(context.Background(), keyspace+loaded, "").Result()
		return err == nil && n > 0
	})
	if err != nil {
		c.ledger.never("%v", err)
	}
}

func (c *chaos) readRedis(dir string) (map[string]string, error) {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, err
	}
	port := c.w.freePort()
	cmd := redisCommand(server, port, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	db := redis.NewClient(&redis.Options{Addr: local(port), DB: 1, MaxRetries: -1})
	defer func() { _ = db.Close() }()
	if err := c.w.wait("the other redis answers", func() bool { return db.Ping(context.Background()).Err() == nil }); err != nil {
		return nil, err
	}
	return records(context.Background(), db)
}

const (
	recordPrefix = "job:timeline:"
	keyspace     = "__keyspace@1__:"
	wiped        = "wiped"
	loaded       = "loaded"
)

// records reads the states of all jobs.
func records(ctx context.Context, db *redis.Client) (map[string]string, error) {
	states := map[string]string{}
	keys := db.ScanType(ctx, 0, recordPrefix+"*", 1000, "hash").Iterator()
	for keys.Next(ctx) {
		id := strings.TrimPrefix(keys.Val(), recordPrefix)
		if strings.Contains(id, ":") { // something that belongs to a record
			continue
		}
		state, err := db.HGet(ctx, keys.Val(), "state").Result()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, fmt.Errorf("read %s: %w", keys.Val(), err)
		}
		states[id] = state
	}
	return states, keys.Err()
}

// count counts the writes of results until ctx ends.
func (l *ledger) count(ctx context.Context, db *redis.Client) {
	sub := db.PSubscribe(ctx, keyspace+recordPrefix+"*", keyspace+wiped, keyspace+loaded)
	defer func() { _ = sub.Close() }()
	told := sub.Channel(redis.WithChannelSize(10_000), redis.WithChannelHealthCheckInterval(200*time.Millisecond))
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-told:
			switch key := strings.TrimPrefix(m.Channel, keyspace); {
			case key == wiped:
				l.forgotten()
			case key == loaded:
				l.reloading(false)
			case strings.HasSuffix(key, ":result") && m.Payload == "set":
				l.wrote(strings.TrimSuffix(strings.TrimPrefix(key, recordPrefix), ":result"))
			}
		}
	}
}
