// Package controllercmd is the command line of tmd-controller: it reads the settings, wires the reconcilers to Kubernetes and to
// the queue, and runs them until a signal.
package controllercmd

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/telemetry"
)

// version is set when a release is linked.
var version = "dev"

const (
	role = "controller"

	// flushTimeout is for the last error reports of the process.
	flushTimeout = 2 * time.Second
)

// The exit codes, as those of tmd.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2 // the command line or a setting is wrong
)

// Process is what the command may touch of the process that it runs in.
type Process struct {
	Args    []string // without the program's name
	Environ []string // in the form of os.Environ
	Stdout  io.Writer
	Stderr  io.Writer
}

const usage = `tmd-controller spares busy workers when Kubernetes scales down, and hands over what the dead left.
Settings are environment variables: see ` + "`tmd config controller`" + `.

Usage: tmd-controller [--dry-run] [--version]

  --dry-run   log what it would do, and do nothing
  --version   print what this is
`

// Run runs the command line and returns the process's exit code.
func Run(ctx context.Context, p Process) int {
	flags := flag.NewFlagSet("tmd-controller", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	flags.Usage = func() { fmt.Fprint(p.Stderr, usage) }
	dryRun := flags.Bool("dry-run", false, "")
	tell := flags.Bool("version", false, "")
	switch err := flags.Parse(p.Args); {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return exitUsage
	case flags.NArg() > 0:
		fmt.Fprintf(p.Stderr, "tmd-controller: unexpected argument %q\n%s", flags.Arg(0), usage)
		return exitUsage
	case *tell:
		fmt.Fprintf(p.Stdout, "tmd-controller %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return exitOK
	}
	var c config.Controller
	faults := config.Load(&c, p.Environ)
	c.DryRun = c.DryRun || *dryRun
	tel, err := telemetry.New(telemetry.Options{Role: role, Version: version, Process: c.Process, Output: p.Stderr})
	if err != nil { // the DSN is among the faults
		fmt.Fprintln(p.Stderr, "tmd-controller:", errors.Join(faults, err))
		return exitUsage
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		tel.Close(ctx)
	}()
	if faults != nil {
		tel.Reporter.ProcessFailed("start", faults)
		fmt.Fprintln(p.Stderr, "tmd-controller:", faults)
		return exitUsage
	}
	if err := run(ctx, c, tel); err != nil {
		tel.Reporter.ProcessFailed("run", err)
		fmt.Fprintln(p.Stderr, "tmd-controller:", err)
		return exitFailed
	}
	tel.Log.Info("ended")
	return exitOK
}

// restConfig is how to reach the API server: the service account of the pod, or a kubeconfig.
func restConfig(c config.Cluster) (*rest.Config, error) {
	cfg, err := rest.InClusterConfig()
	if c.KubeConfig != "" {
		cfg, err = clientcmd.BuildConfigFromFlags("", c.KubeConfig)
	}
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, fmt.Errorf("this is no pod: set KUBECONFIG")
	}
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	cfg.UserAgent = "tmd-controller/" + version
	cfg.QPS, cfg.Burst = float32(c.KubeQPS), 2*c.KubeQPS
	return cfg, nil
}
