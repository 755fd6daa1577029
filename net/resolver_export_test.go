package net

import "time"

// UseFiles has a resolver read other files than the system's, and take now for the
// time by which their age is measured.
func (r *Resolver) UseFiles(resolvConf, hosts string, now func() time.Time) {
	r.files = &nameFiles{resolvConf: resolvConf, hosts: hosts, now: now}
}

// Pending returns how many questions of a resolver are under way, and how many
// answers it keeps.
func (r *Resolver) Pending() (underWay, kept int) {
	r.flights.mu.Lock()
	defer r.flights.mu.Unlock()
	return len(r.flights.underWay), len(r.flights.kept)
}
