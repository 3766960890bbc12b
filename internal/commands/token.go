package commands

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/spf13/cobra"

	"github.com/trackmydegree/trackmydegree/internal/config"
	"github.com/trackmydegree/trackmydegree/internal/program"
)

func newTokenCommand(p program.Process) *cobra.Command {
	var (
		subject string
		roles   []string
		ttl     time.Duration
		force   bool
		out     string
	)
	c := &cobra.Command{
		Use:     "token --sub NAME",
		Short:   "Make a token for development, signed with JWT_SECRET",
		GroupID: "tools",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var settings config.Token
			if err := config.Load(&settings, p.Environ); err != nil {
				return err
			}
			switch {
			case subject == "":
				return program.UsageError(errors.New("--sub is missing: name the user that the token is for"))
			case ttl <= 0:
				return program.UsageError(errors.New("--ttl must be longer than nothing"))
			case settings.Environment == config.Production && !force:
				return program.UsageError(errors.New("NODE_ENV is production: tokens come from the identity provider there; --force makes one all the same"))
			}
			token, err := signToken(settings.Signing, subject, roles, time.Now(), ttl)
			if err != nil {
				return err
			}
			if out != "" {
				return os.WriteFile(out, []byte(token), 0o600)
			}
			fmt.Fprintln(p.Stdout, token)
			return nil
		},
	}
	c.Flags().StringVar(&subject, "sub", "", "the user: what the token's subject owns")
	c.Flags().StringSliceVar(&roles, "role", nil, "a role of the user; may be given several times")
	c.Flags().DurationVar(&ttl, "ttl", 12*time.Hour, "how long the token is valid")
	c.Flags().StringVar(&out, "out", "", "a file to write the token to, for TMD_TOKEN_FILE, instead of printing it")
	c.Flags().BoolVar(&force, "force", false, "make a token in production")
	return c
}

// tokenClaims are the claims that the API reads.
type tokenClaims struct {
	Roles []string `json:"roles,omitempty"`
	jwt.RegisteredClaims
}

func signToken(s config.Signing, subject string, roles []string, now time.Time, ttl time.Duration) (string, error) {
	c := tokenClaims{Roles: roles, RegisteredClaims: jwt.RegisteredClaims{
		Subject: subject, Issuer: s.JWTIssuer, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
	}}
	if s.JWTAudience != "" {
		c.Audience = jwt.ClaimStrings{s.JWTAudience}
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(s.JWTSecret.Reveal()))
}
