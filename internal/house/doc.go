// Package house holds no code, only tests: they keep the repository's structure as the design says it is.
//
//   - layering_test.go: which package may import which, with the reason beside each row.
//   - api_test.go: the public API is what api.txt says, and every part of it is documented.
//   - style_test.go: lengths of files and functions, no sleeping tests, no leftovers, and which of the
//     numbered statements about the semantics is covered by which test.
//
// After a deliberate change of the public API:
//
//	go test ./internal/house -update
//
// To see which statements are covered:
//
//	go test ./internal/house -run TestHolds -v -holds
package house
