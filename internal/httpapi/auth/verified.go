package auth

// RolesIn returns the roles in the claims of a token that another package has verified, as Token would. name is that
// of Deps.RolesClaim.
func RolesIn(claims []byte, name string) []string {
	if name == "" {
		name = defaultRolesClaim
	}
	return readRoles(findClaim(claims, name))
}

// ValidateSubject returns an error for a subject that cannot own jobs and timelines.
func ValidateSubject(subject string) error { return checkSubject(subject) }
