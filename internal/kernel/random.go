package kernel

// Choose returns a number from 0 to n-1 for what a program leaves to chance, like
// which of several cases of a select is done. Where the loop has a seed or a
// schedule it comes from there, so that it can be repeated.
func (l *Loop) Choose(n int) int {
	if l.config.Choose != nil {
		return l.config.Choose(n)
	}
	// xorshift64* (Vigna 2016): good enough to be fair, and three shifts.
	x := l.random
	x ^= x >> 12
	x ^= x << 25
	x ^= x >> 27
	l.random = x
	return int((x * 0x2545F4914F6CDD1D) >> 33 % uint64(n))
}
