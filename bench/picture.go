//go:build linux

package main

type picture struct{}

func writeDocs(dir string, r *results) error { return nil }
