package evictionguard

import "github.com/trackmydegree/trackmydegree/internal/controller/fleet"

// Due calls the function that the reconciler's source calls at each look.
func (r *Reconciler) Due(v fleet.View) []string { return r.changedHosts(v) }
