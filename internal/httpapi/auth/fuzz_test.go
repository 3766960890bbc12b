package auth_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/trackmydegree/trackmydegree/internal/fault"
	"github.com/trackmydegree/trackmydegree/internal/httpapi/auth"
)

// No token causes a panic, and only a signed subject is returned.
func FuzzBearer(f *testing.F) {
	g := guard(f, auth.Deps{Secret: secret})
	good := sign(f, jwt.SigningMethodHS256, secret, with(jwt.MapClaims{"roles": []string{"priority"}}))
	f.Add("Bearer "+good, `{"sub":"ann","exp":1900000000}`)
	f.Add("Bearer "+segment(map[string]string{"alg": "none"})+"."+segment(with(nil))+".", `{"sub":"ann","exp":1e300,"nbf":-1e300,"iat":"x"}`)
	f.Add("bearer a.b.c", `{"sub":["ann"],"exp":null,"roles":[1],"aud":{}}`)
	f.Add("", `[]`)
	f.Fuzz(func(t *testing.T, header, claims string) {
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		if caller, err := g.Caller(r); err == nil && !strings.EqualFold(strings.TrimPrefix(header[7:], " "), good) && !strings.Contains(header, good) {
			t.Errorf("%q is %+v", header, caller)
		}
		// The same claims, correctly signed: only the written subject may be returned.
		input := segment(map[string]string{"alg": "HS256", "typ": "JWT"}) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		signature, err := jwt.SigningMethodHS256.Sign(input, secret)
		if err != nil {
			t.Fatal(err)
		}
		caller, err := g.Token(context.Background(), input+"."+base64.RawURLEncoding.EncodeToString(signature))
		if err != nil {
			if code := fault.CodeOf(err); code != fault.Unauthorized {
				t.Errorf("%s: %v", code, err)
			}
			return
		}
		var c struct {
			Sub string `json:"sub"`
		}
		if json.Unmarshal([]byte(claims), &c) != nil || caller.Owner == "" || len(caller.Owner) > 128 {
			t.Errorf("%q is %+v", claims, caller)
		}
	})
}
