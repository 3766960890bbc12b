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

// drainLimit is longer than a role may take to end after SIGTERM: its default grace period plus a margin.
const drainLimit = 40 * time.Second

// window is the actual time of a fault.
type window struct {
	fault    Fault
	from, to time.Time
}

// chaos executes a schedule.
type chaos struct {
	w      *world
	ledger *ledger

	drains sync.WaitGroup

	mu      sync.Mutex
	windows []window
	kills   []kill // of workers
}

// kill is the kill of a worker.
type kill struct {
	worker string
	at     time.Time
}

// step is the start or the end of a fault.
type step struct {
	at time.Duration
	do func()
}

// runPlan injects the faults at their times, and returns when the last has ended.
func (c *chaos) runPlan(plan []Fault) {
	began := time.Now()
	var steps []step
	for _, f := range plan {
		var end func()
		i := -1
		steps = append(steps, step{f.At, func() {
			c.w.logEvent("%v", f)
			i = c.openWindow(f)
			end = c.injectFault(f)
			if f.For == 0 {
				c.closeWindow(i)
			}
		}})
		if f.For > 0 {
			steps = append(steps, step{f.At + f.For, func() {
				if end != nil {
					end()
				}
				c.closeWindow(i)
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

func (c *chaos) openWindow(f Fault) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.windows = append(c.windows, window{fault: f, from: time.Now()})
	return len(c.windows) - 1
}

func (c *chaos) closeWindow(i int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.windows[i].to = time.Now()
}

// hadFault reports whether one of the targets had a fault between two times.
func (c *chaos) hadFault(from, to time.Time, targets ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.windows {
		if slices.Contains(targets, w.fault.Target) && w.from.Before(to) && (w.to.IsZero() || w.to.Add(restAfterFault).After(from)) {
			return true
		}
	}
	return false
}

// injectFault injects a fault and returns the function that ends it, or nil.
func (c *chaos) injectFault(f Fault) (end func()) {
	p, l := c.w.processes[f.Target], c.w.links[f.Target]
	again := func() { c.w.startProcess(f.Target) }
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
			if states, err := c.readRedisData(filepath.Join(c.w.dir, "redis")); err != nil {
				c.w.logEvent("the data of redis cannot be read: %v", err)
			} else if n := c.ledger.recordRollback(states); n > 0 {
				c.w.logEvent("redis has forgotten what it had answered of %d jobs", n)
			}
			return c.reloadRedis
		}
		return again
	case KillChild:
		if pids := listChildren(c.w.processes["parser"].pid()); len(pids) > 0 {
			_ = syscall.Kill(pids[int(f.Pick)%len(pids)], syscall.SIGKILL)
		}
	case PauseWorker, PauseParser, PauseRedis, PauseMongo:
		p.sendSignal(syscall.SIGSTOP)
		return func() { p.sendSignal(syscall.SIGCONT) }
	case DrainWorker, DrainAPI, DrainParser:
		c.drainProcess(p)
	case WipeRedis:
		c.wipeRedis()
	case LoseRedis:
		p.kill()
		c.loseRedisData()
		return c.reloadRedis
	case ReadOnlyRedis:
		// As a replica of an unreachable master it keeps its data, answers reads and refuses writes.
		c.runRedisCommand("REPLICAOF", "127.0.0.1", "1")
		return func() { c.runRedisCommand("REPLICAOF", "NO", "ONE") }
	case FullRedis:
		c.runRedisCommand("CONFIG", "SET", "maxmemory", "1")
		return func() { c.runRedisCommand("CONFIG", "SET", "maxmemory", "0") }
	case CutLink:
		l.cut()
	case RefuseLink:
		l.refuse()
		return func() { c.w.reopenLink(l) }
	case DelayLink:
		l.setDelay(f.Delay)
		return func() { l.setDelay(0) }
	case StallLink:
		return l.stall()
	case FillDisk:
		if err := c.w.fillDisk(); err != nil {
			c.w.logEvent("the disk is not filled: %v", err)
		}
		return c.w.freeDisk
	case ReadOnlyDisk:
		return c.makeUploadsReadOnly()
	}
	return nil
}

// reopenLink accepts connections again. The port may be in use for a moment.
func (w *world) reopenLink(l *link) {
	if err := w.waitFor(l.name+" takes connections", func() bool { return l.open() == nil }); err != nil {
		w.logEvent("%v", err)
	}
}

// drainProcess sends SIGTERM to a role, and restarts it when it has ended.
func (c *chaos) drainProcess(p *process) {
	began := time.Now()
	ended := p.endWith(syscall.SIGTERM)
	c.drains.Go(func() {
		select {
		case <-ended:
			c.w.logEvent("%s has drained in %.2fs", p.name, time.Since(began).Seconds())
		case <-time.After(drainLimit):
			c.ledger.addViolation("%s did not end within %v after SIGTERM", p.name, drainLimit)
			p.kill()
		}
		c.w.startProcess(p.name)
	})
}

// makeUploadsReadOnly remounts the uploads. The system refuses that while a file is open for writing, so it is
// repeated.
func (c *chaos) makeUploadsReadOnly() (end func()) {
	for range 100 {
		if remountUploads(c.w.uploads, true) == nil {
			return func() {
				if err := remountUploads(c.w.uploads, false); err != nil {
					c.w.logEvent("the uploads stay read-only: %v", err)
				}
			}
		}
		<-time.After(5 * time.Millisecond)
	}
	c.w.logEvent("the uploads were busy all the time, and stay writable")
	return nil
}

func (c *chaos) runRedisCommand(args ...any) {
	if err := c.w.redis.Do(context.Background(), args...).Err(); err != nil {
		c.w.logEvent("redis: %v: %v", args, err)
	}
}

// wipeScript deletes all data of Redis and returns the states of the jobs at that moment. Its message is published in
// order with the notifications of writes.
var wipeScript = redis.NewScript(`
local found = {}
for _, key in ipairs(redis.call('KEYS', '` + recordPrefix + `*')) do
	if redis.call('TYPE', key).ok == 'hash' then
		found[#found + 1] = key
		found[#found + 1] = redis.call('HGET', key, 'state') or ''
	end
end
redis.call('FLUSHALL')
redis.call('PUBLISH', '` + keyspace + wipedEvent + `', 'wiped')
return found
`)

func (c *chaos) wipeRedis() {
	answer, err := wipeScript.Run(context.Background(), c.w.redis, nil).StringSlice()
	at := time.Now()
	if err != nil {
		c.w.logEvent("redis is not wiped: %v", err)
		return
	}
	states := map[string]string{}
	for i := 0; i+1 < len(answer); i += 2 {
		states[strings.TrimPrefix(answer[i], recordPrefix)] = answer[i+1]
	}
	c.ledger.recordWipe(at, states)
}

// loseRedisData removes the data of a killed Redis. Another Redis reads the states of the jobs from them first.
func (c *chaos) loseRedisData() {
	dir := filepath.Join(c.w.dir, "redis")
	states, err := c.readRedisData(dir)
	if err != nil {
		c.w.logEvent("the data of redis cannot be read, and stays: %v", err)
		return
	}
	if err := os.RemoveAll(filepath.Join(dir, "appendonlydir")); err != nil {
		c.w.logEvent("the data of redis stays: %v", err)
		return
	}
	c.ledger.recordWipe(time.Now(), states)
	c.ledger.resetResultWrites()
}

// reloadRedis starts a killed Redis. While it reads its file it publishes the writes in it again: they do not count
// until a message that follows them.
func (c *chaos) reloadRedis() {
	c.ledger.setLoading(true)
	c.w.startProcess("redis")
	err := c.w.waitFor("redis has read its file and is listened to", func() bool {
		if c.w.redis.Ping(context.Background()).Err() != nil {
			return false // it also publishes while it reads its file
		}
		n, err := c.w.redis.Publish(context.Background(), keyspace+loadedEvent, "").Result()
		return err == nil && n > 0
	})
	if err != nil {
		c.ledger.addViolation("%v", err)
	}
}

func (c *chaos) readRedisData(dir string) (map[string]string, error) {
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
	db := redis.NewClient(&redis.Options{Addr: loopbackAddr(port), DB: 1, MaxRetries: -1})
	defer func() { _ = db.Close() }()
	if err := c.w.waitFor("the other redis answers", func() bool { return db.Ping(context.Background()).Err() == nil }); err != nil {
		return nil, err
	}
	return readJobStates(context.Background(), db)
}

const (
	recordPrefix = "job:timeline:"
	keyspace     = "__keyspace@1__:"
	wipedEvent   = "wiped"
	loadedEvent  = "loaded"
)

// readJobStates reads the states of all jobs.
func readJobStates(ctx context.Context, db *redis.Client) (map[string]string, error) {
	states := map[string]string{}
	keys := db.ScanType(ctx, 0, recordPrefix+"*", 1000, "hash").Iterator()
	for keys.Next(ctx) {
		id := strings.TrimPrefix(keys.Val(), recordPrefix)
		if strings.Contains(id, ":") { // a key that belongs to a record
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

// countResultWrites counts the writes of results until ctx ends.
func (l *ledger) countResultWrites(ctx context.Context, db *redis.Client) {
	sub := db.PSubscribe(ctx, keyspace+recordPrefix+"*", keyspace+wipedEvent, keyspace+loadedEvent)
	defer func() { _ = sub.Close() }()
	told := sub.Channel(redis.WithChannelSize(10_000), redis.WithChannelHealthCheckInterval(200*time.Millisecond))
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-told:
			switch key := strings.TrimPrefix(m.Channel, keyspace); {
			case key == wipedEvent:
				l.resetResultWrites()
			case key == loadedEvent:
				l.setLoading(false)
			case strings.HasSuffix(key, ":result") && m.Payload == "set":
				l.recordResultWrite(strings.TrimSuffix(strings.TrimPrefix(key, recordPrefix), ":result"))
			}
		}
	}
}
