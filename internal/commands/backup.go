package commands

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/app/backups"
	"github.com/trackmydegree/trackmydegree/internal/app/seeding"
	"github.com/trackmydegree/trackmydegree/internal/backup"
	"github.com/trackmydegree/trackmydegree/internal/commands/render"
	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

const targetHelp = `The target is the path of a folder, or s3://bucket/folder with TMD_S3_REGION, for a server other than AWS TMD_S3_ENDPOINT,
and the credentials of AWS.`

func newBackupCommand(p program.Process) *cobra.Command {
	keep, asJSON := 0, false
	c := &cobra.Command{
		Use:   "backup TARGET",
		Short: "Copy saved timelines and the catalogue to a folder or a bucket",
		Long: `Copy the saved timelines and the editions of the catalogue to a folder or a bucket. The database is MONGODB_URI, or without
it the data folder of ` + "`tmd all`" + `, which must not run. A backup is complete when its manifest is written, which is last: an
interrupted one is never restored. Timelines of guests are left out, because they are deleted after a day. A backup
holds personal data, unencrypted: its files are readable by their user alone, and a bucket must be private.

` + targetHelp,
		GroupID: "tools",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchive(cmd.Context(), p, args[0], true, func(ctx context.Context, archive *backup.Archive, settings config.Backup) error {
				db, err := seeding.OpenStore(ctx, settings.Catalogue)
				if err != nil {
					return err
				}
				defer db.Close()
				return createBackup(ctx, p, archive, db, keep, asJSON)
			})
		},
	}
	c.Flags().IntVar(&keep, "keep", 0, "afterwards delete all complete backups but the newest ones, this many, and those that were interrupted a day ago")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: the manifest")
	c.AddCommand(newBackupListCommand(p), newBackupVerifyCommand(p), newBackupEraseCommand(p))
	return c
}

// withArchive reads the settings and opens a target for do.
func withArchive(ctx context.Context, p program.Process, where string, mayCreate bool, do func(context.Context, *backup.Archive, config.Backup) error) error {
	var settings config.Backup
	if err := config.Load(&settings, p.Environ); err != nil {
		return err
	}
	archive, closeTarget, err := backups.OpenArchive(ctx, where, settings.S3Server, mayCreate, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer closeTarget()
	return do(ctx, archive, settings)
}

func createBackup(ctx context.Context, p program.Process, archive *backup.Archive, db backup.Source, keep int, asJSON bool) error {
	if keep < 0 {
		return program.UsageError(errors.New("--keep is negative"))
	}
	m, err := archive.Create(ctx, db)
	if err != nil {
		return err
	}
	if asJSON {
		err = render.WriteJSON(p.Stdout, m)
	} else {
		_, err = fmt.Fprintf(p.Stdout, "%s: %d timelines, %d editions, %s\n", m.Name, m.Timelines, len(m.Editions), humanize.IBytes(uint64(m.Bytes())))
	}
	if err != nil || keep == 0 {
		return err
	}
	deleted, err := archive.DeleteOld(ctx, keep)
	if len(deleted) > 0 {
		fmt.Fprintln(p.Stderr, "deleted: "+strings.Join(deleted, ", "))
	}
	return err
}

func newBackupListCommand(p program.Process) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "list TARGET",
		Short: "List the backups of a target",
		Long:  "List the backups of a target, the oldest first, those without a manifest at the end.\n\n" + targetHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchive(cmd.Context(), p, args[0], false, func(ctx context.Context, archive *backup.Archive, _ config.Backup) error {
				complete, incomplete, err := archive.List(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					return render.WriteJSON(p.Stdout, struct {
						Complete   []backup.Manifest `json:"complete"`
						Incomplete []string          `json:"incomplete"`
					}{append([]backup.Manifest{}, complete...), append([]string{}, incomplete...)})
				}
				table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
				for _, m := range complete {
					fmt.Fprintf(table, "%s\t%d timelines\t%s\t%s\n", m.Name, m.Timelines, strings.Join(m.Editions, " "), humanize.IBytes(uint64(m.Bytes())))
				}
				for _, name := range incomplete {
					fmt.Fprintf(table, "%s\tincomplete\t\t\n", name)
				}
				return table.Flush()
			})
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON: {complete, incomplete}")
	return c
}

func newBackupVerifyCommand(p program.Process) *cobra.Command {
	return &cobra.Command{
		Use:   "verify TARGET [BACKUP]",
		Short: "Read a backup, the newest without a name, and compare it with its manifest",
		Long:  "Read a backup, the newest without a name, and compare it with its manifest. Exit code 1 for a damaged one.\n\n" + targetHelp,
		Args:  cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withArchive(cmd.Context(), p, args[0], false, func(ctx context.Context, archive *backup.Archive, _ config.Backup) error {
				m, err := archive.Verify(ctx, append(args, "")[1])
				if err == nil {
					_, err = fmt.Fprintf(p.Stdout, "%s: whole, %d timelines, made %s\n", m.Name, m.Timelines, m.BeganAt.Format(time.RFC3339))
				}
				return err
			})
		},
	}
}

func newBackupEraseCommand(p program.Process) *cobra.Command {
	owner, confirmed := "", false
	c := &cobra.Command{
		Use:   "erase TARGET --owner OWNER --yes",
		Short: "Delete one owner's timelines from every backup. It cannot be undone",
		Long: `Delete one owner's timelines from every backup of a target; ` + "`tmd me erase`" + ` deletes what the API stores. The owner is the claim
sub of the tokens. Exit code 1 when a backup is being written, which may hold the owner's timelines: erase again when
it has ended.

` + targetHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case owner == "":
				return program.UsageError(errors.New("--owner is missing"))
			case !confirmed:
				return program.UsageError(errors.New("--yes is missing: the timelines are deleted from every backup, which cannot be undone"))
			}
			return withArchive(cmd.Context(), p, args[0], false, func(ctx context.Context, archive *backup.Archive, _ config.Backup) error {
				done, err := archive.EraseOwner(ctx, owner)
				if err != nil {
					return err
				}
				fmt.Fprintf(p.Stdout, "%d timelines deleted; backups that held some: %d\n", done.Timelines, done.Backups)
				if len(done.Unfinished) > 0 {
					return fmt.Errorf("%s: still being written, and may hold the owner's timelines: erase again when it has ended, or a day after it was interrupted",
						strings.Join(done.Unfinished, ", "))
				}
				return nil
			})
		},
	}
	c.Flags().StringVar(&owner, "owner", "", "the owner, which is the claim sub of the tokens")
	c.Flags().BoolVar(&confirmed, "yes", false, "delete without a question")
	return c
}
