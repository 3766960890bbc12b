package commands

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app/seeding"
	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newRestoreCommand(p program.Process) *cobra.Command {
	var o backup.Options
	overwrite, asJSON := string(backup.OverwriteNever), false
	c := &cobra.Command{
		Use:   "restore TARGET",
		Short: "Restore saved timelines and the catalogue from a backup",
		Long: `Restore saved timelines and the editions of the catalogue from a backup, into an empty database or one with data. The
database is MONGODB_URI, or without it the data folder of ` + "`tmd all`" + `, which must not run. The whole backup is verified before
anything changes. What the database has beyond the backup stays. A timeline that now belongs to another owner is never
touched. After an interruption the same command completes the rest.

What was deleted since the backup comes back: erase the owners who asked for it again, in the database and with
` + "`tmd backup erase`" + `.

` + targetHelp,
		GroupID: "tools",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Overwrite, err = backup.ParseOverwrite(overwrite); err != nil {
				return program.UsageError(fmt.Errorf("--overwrite: %w", err))
			}
			return withArchive(cmd.Context(), p, args[0], false, func(ctx context.Context, archive *backup.Archive, settings config.Backup) error {
				db, err := seeding.OpenStore(ctx, settings.Catalogue)
				if err != nil {
					return err
				}
				defer db.Close()
				return restoreBackup(ctx, p, archive, db, settings, o, asJSON)
			})
		},
	}
	c.Flags().StringVar(&o.Name, "backup", "", "the backup, as `tmd backup list` names it; without it the newest complete one")
	c.Flags().StringVar(&overwrite, "overwrite", overwrite, "what to replace in the database: never, older (timelines that were last changed before the backup's) or always")
	c.Flags().StringVar(&o.Owner, "owner", "", "restore the timelines of one owner alone, and no catalogue")
	c.Flags().BoolVar(&o.Copy, "copy", false, "the database becomes another installation, as for tests: leave the installation's id out")
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "change nothing; print what would change")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: {backup, dryRun, editions, timelines}")
	return c
}

func restoreBackup(ctx context.Context, p program.Process, archive *backup.Archive, db backup.Database, settings config.Backup, o backup.Options, asJSON bool) error {
	done, err := archive.Restore(ctx, db, o)
	if err != nil {
		if done.Backup != "" {
			err = fmt.Errorf("%w; the same command completes the rest", err)
		}
		return err
	}
	if asJSON {
		err = render.WriteJSON(p.Stdout, done)
	} else {
		err = printRestored(p, done)
	}
	if err != nil || o.DryRun || done.Editions.Added+done.Editions.Replaced == 0 {
		return err
	}
	return seeding.DropCachedResponses(ctx, settings.CacheURL, settings.RedisTLS, p.Stderr, p.Stderr)
}

func printRestored(p program.Process, done backup.Restored) error {
	title := "restored from " + done.Backup
	if done.DryRun {
		title = "dry run: nothing was changed; from " + done.Backup
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, title)
	for _, line := range []struct {
		kind string
		n    backup.Counts
	}{{"editions", done.Editions}, {"timelines", done.Timelines}} {
		fmt.Fprintf(table, "%s\t%d added\t%d replaced\t%d unchanged\t%d kept as they are\t%d conflicts\n",
			line.kind, line.n.Added, line.n.Replaced, line.n.Unchanged, line.n.Kept, line.n.Conflicts)
	}
	return table.Flush()
}
