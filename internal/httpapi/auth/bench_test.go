package auth_test

import (
	"context"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
)

func BenchmarkToken(b *testing.B) {
	g := guard(b, auth.Deps{Secret: secret})
	token := sign(b, jwt.SigningMethodHS256, secret, with(nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Token(context.Background(), token); err != nil {
			b.Fatal(err)
		}
	}
}
