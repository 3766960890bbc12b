package auth

import (
	"encoding/json"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// defaultRolesClaim is the claim that holds a caller's roles unless the options name another.
const defaultRolesClaim = "roles"

// claims are the fields of a token that are read.
type claims struct {
	jwt.RegisteredClaims
	rolesClaim string
	roles      []string
}

// UnmarshalJSON reads the registered claims and the roles. Roles that cannot be read do not invalidate the token:
// they grant nothing.
func (c *claims) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &c.RegisteredClaims); err != nil {
		return err
	}
	c.roles = readRoles(findClaim(b, c.rolesClaim))
	return nil
}

// findClaim returns the value of the claim with the name; nil when there is none. A name with dots that no claim has
// is a path, as in Keycloak's realm_access.roles.
func findClaim(object json.RawMessage, name string) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return nil
	}
	if value, ok := fields[name]; ok {
		return value
	}
	head, rest, isPath := strings.Cut(name, ".")
	if !isPath {
		return nil
	}
	return findClaim(fields[head], rest)
}

// readRoles reads a list of roles, or one role as a text, which providers send for a caller with a single role. Other
// values are skipped.
func readRoles(value json.RawMessage) []string {
	var one string
	if json.Unmarshal(value, &one) == nil && one != "" {
		return []string{one}
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return nil
	}
	var roles []string
	for _, item := range list {
		if json.Unmarshal(item, &one) == nil && one != "" {
			roles = append(roles, one)
		}
		one = ""
	}
	return roles
}
