//go:build !linux

package io

// cached is for systems that can tell what they have in memory: see Linux. There is no
// other among those that Go runs on.
func (o *fileOp) cached() (done bool) { return false }

func (o *fileOp) tryCached(uintptr) {}

func (f *File) keepRaw() {}

type fileVec struct{}
