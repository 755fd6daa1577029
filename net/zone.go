package net

import (
	stdnet "net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// zoneCache knows the names and numbers of the interfaces, which are the zones of
// addresses. Asking the system takes longer than a datagram does, so it is asked again
// only when a minute is over or something is missing, as in the standard library.
type zoneCache struct {
	mu sync.Mutex
	// fetched is when the system was asked.
	fetched time.Time
	ids     map[string]uint32
	names   map[uint32]string
}

var zones zoneCache

// fetch asks the system if it was not asked lately, or if it must. It tells whether it
// has asked.
func (z *zoneCache) fetch(must bool) bool {
	now := time.Now()
	if !must && now.Sub(z.fetched) < time.Minute {
		return false
	}
	z.fetched = now
	all, err := stdnet.Interfaces()
	if err != nil {
		return false // what is known stays
	}
	z.ids, z.names = map[string]uint32{}, map[uint32]string{}
	for _, ifi := range all {
		z.ids[ifi.Name] = uint32(ifi.Index)
		if _, ok := z.names[uint32(ifi.Index)]; !ok {
			z.names[uint32(ifi.Index)] = ifi.Name
		}
	}
	return true
}

// look finds a value by its key, and asks the system again where it is missing.
func look[K comparable, V any](z *zoneCache, in func() map[K]V, key K) (V, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	fresh := z.fetch(false)
	v, ok := in()[key]
	if !ok && !fresh {
		z.fetch(true)
		v, ok = in()[key]
	}
	return v, ok
}

// zoneID finds the number of a zone, which is an interface's name or a number; 0 for
// what is neither, which the system then refuses where it needs one.
func zoneID(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if id, ok := look(&zones, func() map[string]uint32 { return zones.ids }, zone); ok {
		return id
	}
	// Of "25lo" the standard library takes 25, which is how a URL has "%lo".
	digits := len(zone) - len(strings.TrimLeft(zone, "0123456789"))
	id, _ := strconv.ParseUint(zone[:digits], 10, 32)
	return uint32(id)
}

// zoneName is the way back.
func zoneName(id uint32) string {
	if id == 0 {
		return ""
	}
	if name, ok := look(&zones, func() map[uint32]string { return zones.names }, id); ok {
		return name
	}
	return strconv.FormatUint(uint64(id), 10)
}
